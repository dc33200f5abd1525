package harness

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const takenOver = "upgrade: this process has taken over"

// CopyBinary puts a copy of the binary at path, as an upgrade does: by a rename over
// what is there.
func CopyBinary(t testing.TB, path string) {
	t.Helper()
	if err := copyFile(Binary(), path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func copyFile(from, to string) error {
	// A process that is forked meanwhile has the file open for a moment: "text file busy".
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// Upgrade sends SIGUSR2 and returns the server that has taken the place of s, with
// the same log. From then on it is the one to be stopped; s ends by itself.
func (s *Server) Upgrade(t testing.TB) *Server {
	t.Helper()
	before := s.Count(takenOver)
	if err := s.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	s.Wait(t, func(Entry) bool { return s.Count(takenOver) > before })
	return s.Successor(t)
}

// Successor returns the server that has taken the place of s.
func (s *Server) Successor(t testing.TB) *Server {
	t.Helper()
	var pid int
	for _, e := range s.Find(func(e Entry) bool { return e.Message() == "upgrade: a new process was started" }) {
		pid = int(e.Fields["pid"].(float64)) // the last one
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	next := &Server{
		Log: s.Log, Address: s.Address, PID: pid, process: process, scratch: s.scratch, mark: s.mark, ended: make(chan struct{}),
	}
	s.stopped.Store(true)
	go func() { // it is no child of ours, so that its exit code is not known
		defer close(next.ended)
		for process.Signal(syscall.Signal(0)) == nil && alive(pid) {
			<-time.After(10 * time.Millisecond)
		}
	}()
	t.Cleanup(func() {
		Eventually(t, "the process before has ended", func() bool { return !alive(s.PID) })
		if err := next.Stop(); err != nil {
			t.Error(err)
		}
		if s.Count("DATA RACE") > 0 {
			t.Errorf("the race detector reports:\n%s", s.Tail(200))
		}
	})
	return next
}
