// Package gunicorn tests what is served under gunicorn's name: real configurations, beside
// the real one where it is installed.
package gunicorn

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// server is one that runs, ours or the real one.
type server struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string

	mu    sync.Mutex
	said  bytes.Buffer
	ended chan struct{}
	code  int
}

// project is a directory with testdata's application, and a file if one is named.
func project(t *testing.T, conf string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"tell.py": "tell.py"}
	if conf != "" {
		files["gunicorn.conf.py"] = conf
	}
	for name, from := range files {
		text, err := os.ReadFile(filepath.Join("testdata", from))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(text))
	}
	write(t, filepath.Join(dir, "raises.py"), "raise ValueError('at import')\n")
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ours is our command line, real gunicorn's.
func ours(args ...string) []string { return append([]string{harness.Binary(), "gunicorn"}, args...) }

// real skips the test where the gunicorn that we stand in for is not installed.
func real(t *testing.T, args ...string) []string {
	t.Helper()
	const version = "27.0.1"
	path, err := exec.LookPath("gunicorn")
	if err != nil {
		t.Skip("gunicorn is not installed")
	}
	said, _ := exec.Command(path, "--version").Output()
	if !strings.Contains(string(said), version) {
		t.Skipf("gunicorn %s is not installed, but %s", version, said)
	}
	return append([]string{path}, append([]string{"--no-control-socket"}, args...)...)
}

var listening = regexp.MustCompile(`(?:listening on|Listening at:) http://([\d.]+:\d+)`)

// run starts a server in dir.
func run(t *testing.T, dir string, environ []string, line []string) *server {
	t.Helper()
	s := &server{t: t, ended: make(chan struct{}), cmd: exec.Command(line[0], line[1:]...)}
	s.cmd.Dir = dir
	s.cmd.Env = append(harness.CleanEnviron(), append([]string{"PYTHONDONTWRITEBYTECODE=1", "HIGHBALL_CONTROL=off", "PWD=" + dir}, environ...)...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	go s.follow(r)
	go func() {
		_ = s.cmd.Wait()
		s.code = s.cmd.ProcessState.ExitCode()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.ended
		if t.Failed() {
			t.Logf("%s said:\n%s", line[0], s.log())
		}
	})
	return s
}

func (s *server) follow(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		s.mu.Lock()
		fmt.Fprintln(&s.said, lines.Text())
		s.mu.Unlock()
	}
}

func (s *server) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// listens waits until it does.
func (s *server) listens() *server {
	s.t.Helper()
	harness.Eventually(s.t, "it listens", func() bool {
		m := listening.FindStringSubmatch(s.log())
		if m != nil {
			s.address = m[1]
		}
		return m != nil || s.isOver()
	})
	if s.isOver() {
		s.t.Fatalf("it ended:\n%s", s.log())
	}
	return s
}

func (s *server) isOver() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// exit waits for the end, and returns the exit code.
func (s *server) exit() int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(harness.Patience):
		s.t.Fatalf("it does not end:\n%s", s.log())
	}
	return s.code
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}
