package manners

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// The file is there while the server serves, and gone after it.
func TestPidFile(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	write(t, s.pidFile, "999999999\n") // of a process that is gone
	r := s.launch()
	s.wantGet()
	if got := read(s.pidFile); got != fmt.Sprintf("%d\n", r.cmd.Process.Pid) {
		t.Errorf("%q", got)
	}
	s.signal(syscall.SIGTERM)
	r.exit(0)
	if _, err := os.Stat(s.pidFile); err == nil {
		t.Error("the file is still there")
	}
}

// A second server does not start beside the first, and takes nothing from it.
func TestPidFileOfARunningServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := s.launch()
	out, code := outcome(s.command("--bind", "127.0.0.1:0"))
	if want := fmt.Sprintf("already running on PID %d", r.cmd.Process.Pid); code != 1 || !strings.Contains(out, want) {
		t.Errorf("exit code %d, %s", code, out)
	}
	if s.pid() != r.cmd.Process.Pid {
		t.Errorf("the file says %d", s.pid())
	}
	s.wantGet()
}

// A file that cannot be written ends the start, before Python runs.
func TestPidFileThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.pidFile = filepath.Join(s.dir, "no", "server.pid")
	out, code := outcome(s.command())
	if code != 1 || !strings.Contains(out, "pid-file "+s.pidFile+": the directory does not exist") || strings.Contains(out, "application") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// A start that fails leaves no file.
func TestPidFileOfAFailedStart(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	write(t, filepath.Join(s.dir, "site_app.py"), "import no_such_module\n")
	out, code := outcome(s.command())
	if code != 3 || !strings.Contains(out, "no_such_module") {
		t.Errorf("exit code %d, %s", code, out)
	}
	if left, _ := filepath.Glob(s.pidFile + "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if !strings.Contains(read(s.log), "no_such_module") {
		t.Error("the log does not say why")
	}
}

// During an upgrade the file names the process that has the say: the old one until the
// new one serves; one that fails never.
func TestPidFileInAnUpgrade(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := s.launch()
	first := r.cmd.Process.Pid
	broken := filepath.Join(s.dir, "site_app.py")
	write(t, broken, "import no_such_module\n")
	s.signal(syscall.SIGUSR2)
	s.waitLog("upgrade failed")
	if s.pid() != first {
		t.Errorf("after an upgrade that failed the file says %d, want %d", s.pid(), first)
	}
	write(t, broken, app)
	s.signal(syscall.SIGUSR2)
	harness.Eventually(t, "the file names the new process", func() bool { return s.pid() != first && s.pid() != 0 })
	r.exit(0)
	second := s.pid()
	s.wantGet()
	s.signal(syscall.SIGUSR2)
	harness.Eventually(t, "the file names the third process", func() bool { return s.pid() != second && s.pid() != 0 })
	s.wantGet()
	s.signal(syscall.SIGTERM)
	s.ended()
	if left, _ := filepath.Glob(s.pidFile + "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
