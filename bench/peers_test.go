package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startPeer starts a server of this kind for the test, or skips it.
func startPeer(t *testing.T, kind serverKind) *server {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	b := &bench{log: io.Discard, root: root, dir: t.TempDir()}
	b.python, b.workers, b.threads, b.peer = python, 1, 2, true // one that has answered can be stopped
	b.env = []string{"BENCH_FILE=" + filepath.Join(b.dir, "download")}
	if err := os.WriteFile(filepath.Join(b.dir, "download"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if !b.installed(kind) {
		t.Skipf("no %s", kind)
	}
	s, err := b.start(t.Context(), kind, "bodies", "/?0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// Each peer serves the bodies: the clients see every length, and would see a wrong one.
func TestPeers(t *testing.T) {
	for _, kind := range []serverKind{nginx, granian, bjoern} {
		t.Run(string(kind), func(t *testing.T) {
			s := startPeer(t, kind)
			exchanges := map[string]exchange{"upload": uploading(), "generator": getting("/?1048576", 1<<20)}
			if has, err := s.hasFileWrapper(t.Context()); err != nil {
				t.Error(err)
			} else if has {
				exchanges["file"] = getting("/file", 1<<20)
			}
			for name, one := range exchanges {
				if l, err := s.pass(t.Context(), one, 3, time.Millisecond); err != nil || l.PerSecond <= 0 {
					t.Errorf("%s: %v, %v", name, l, err)
				}
			}
			if _, err := s.pass(t.Context(), getting("/?1048576", 1), 1, time.Millisecond); err == nil {
				t.Error("a wrong length was taken")
			}
		})
	}
}

// What gunicorn uses counts for the nginx before it, and it ends with it.
func TestNginxCPU(t *testing.T) {
	s := startPeer(t, nginx)
	before, _, err := s.behind.cpu()
	if err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); {
		if _, err := s.pass(t.Context(), getting("/?1048576", 1<<20), 2, 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if after, _, _ := s.behind.cpu(); after > before {
			break
		}
	}
	behind, _, _ := s.behind.cpu()
	total, front, err := s.cpu()
	if err != nil || behind <= before || total < front+behind {
		t.Errorf("%v in all, %v of nginx's first process, %v of gunicorn: %v", total, front, behind, err)
	}
	pid := s.behind.cmd.Process.Pid
	s.stop()
	if p, err := readProcess(pid); err == nil {
		t.Errorf("%v is there still", p)
	}
}

// Peers that are not installed have no column, and the run says so.
func TestMissingPeers(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var said strings.Builder
	b := &bench{log: &said, servers: []serverKind{highball}}
	b.python, b.peer = filepath.Join(t.TempDir(), "python"), true
	if servers := b.bodyServers(); len(servers) != 1 || strings.Count(said.String(), "not installed") != 3 {
		t.Errorf("%v, %q", servers, said.String())
	}
}

// An exchange is made once at least, and what fails ends the load.
func TestPass(t *testing.T) {
	count := 0
	times, err := (&client{}).repeat(t.Context(), func(*client) error { count++; return nil }, time.Now())
	if err != nil || len(times) != 1 || count != 1 {
		t.Errorf("%d exchanges, %v, %v", count, times, err)
	}
	failing := func(*client) error { return io.ErrUnexpectedEOF }
	if _, err := (&client{}).repeat(t.Context(), failing, time.Now().Add(time.Hour)); err == nil {
		t.Error("a failure was passed over")
	}
}
