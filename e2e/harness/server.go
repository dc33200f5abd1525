package harness

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Options say how to run the binary.
type Options struct {
	App    string   // as on the command line
	Dir    string   // --chdir; default: Apps()
	Python string   // --python
	Args   []string // more flags
	Env    []string // more of the environment
}

// Server is a running highball.
type Server struct {
	*Log
	Address string // "127.0.0.1:54321"
	PID     int

	cmd     *exec.Cmd
	scratch string // its TMPDIR
	mark    string // in the environment of all its processes
	ended   chan struct{}
	err     error
	stopped atomic.Bool
}

// markName is the variable by which a server's processes are found in /proc.
const markName = "E2E_SERVER_MARK"

// Start runs a server until the test ends; what it leaves behind fails the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Launch(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log ends:\n%s", s.Tail(30))
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Launch runs a server and returns when it listens.
func Launch(o Options) (*Server, error) {
	s := &Server{Log: newLog(), ended: make(chan struct{}), mark: newMark()}
	var err error
	if s.scratch, err = os.MkdirTemp("", "highball-scratch-"); err != nil {
		return nil, err
	}
	if o.Dir == "" {
		o.Dir = Apps()
	}
	args := []string{"run", o.App, "--bind", "127.0.0.1:0", "--log-format", "json", "--chdir", o.Dir, "--pythonpath", Apps()}
	if o.Python != "" {
		args = append(args, "--python", o.Python)
	}
	s.cmd = exec.Command(binary, append(args, o.Args...)...)
	s.cmd.Env = append(cleanEnviron(), "TMPDIR="+s.scratch, markName+"="+s.mark, "PYTHONDONTWRITEBYTECODE=1")
	s.cmd.Env = append(s.cmd.Env, o.Env...)
	s.cmd.WaitDelay = Patience / 2 // for a process that has our pipe and lives on
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return s, s.start()
}

var marks atomic.Int64

func newMark() string { return fmt.Sprintf("%d.%d", os.Getpid(), marks.Add(1)) }

// cleanEnviron is our environment without what would change the server's settings.
func cleanEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "HIGHBALL_") || strings.HasPrefix(entry, "VIRTUAL_ENV=")
	})
}

func (s *Server) start() error {
	r, w := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.PID = s.cmd.Process.Pid
	go s.follow(r)
	go func() {
		s.err = s.cmd.Wait()
		_ = w.Close()
		close(s.ended)
	}()
	const listening = "listening on http://"
	e, err := s.Await(func(e Entry) bool { return strings.HasPrefix(e.Message(), listening) })
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	s.Address = strings.TrimSuffix(strings.TrimPrefix(e.Message(), listening), "/")
	return nil
}

// URL is the address of a path on the server.
func (s *Server) URL(path string) string { return "http://" + s.Address + path }

// Signal sends a signal to the front.
func (s *Server) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// Ended is closed when the front has exited.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Processes are the living processes of the server: front, zygote, workers, and
// whatever these have started.
func (s *Server) Processes() []int { return marked(s.mark) }

// Stop ends the server by SIGTERM and says what is wrong with its end: an exit
// code other than 0, a process that lives on, a file left behind.
func (s *Server) Stop() error {
	if s.stopped.Swap(true) {
		return nil
	}
	defer os.RemoveAll(s.scratch)
	_ = s.Signal(syscall.SIGTERM)
	return errors.Join(s.Exit(), s.leftovers())
}

// Exit waits for the front's end and returns what its exit code means.
func (s *Server) Exit() error {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	select {
	case <-s.ended:
	case <-timeout.C:
		_ = s.cmd.Process.Kill()
		<-s.ended
		return fmt.Errorf("the server did not stop:\n%s", s.Tail(20))
	}
	if s.err != nil {
		return fmt.Errorf("the server ended: %w\n%s", s.err, s.Tail(20))
	}
	return nil
}

// leftovers reports processes and files that are still there.
func (s *Server) leftovers() error {
	var errs []error
	for _, pid := range s.Processes() {
		errs = append(errs, fmt.Errorf("process %d was left behind: %s", pid, commandLine(pid)))
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	entries, _ := os.ReadDir(s.scratch)
	for _, e := range entries {
		errs = append(errs, fmt.Errorf("file %s was left behind in TMPDIR", e.Name()))
	}
	return errors.Join(errs...)
}
