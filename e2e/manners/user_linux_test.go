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

// nobody is Debian's.
const nobody = 65534

// newServerOfNobody is one that root starts and that becomes nobody: its directory and
// its binary are open to all.
func newServerOfNobody(t *testing.T) (s *server, args []string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may become another user")
	}
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		t.Skip("no Python that every user may run")
	}
	s = newServer(t)
	dir, err := os.MkdirTemp("", "manners-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "site_app.py"), app)
	s.dir, s.pidFile, s.log = dir, filepath.Join(dir, "server.pid"), filepath.Join(dir, "error.log")
	return s, []string{"--user", "65534", "--group", "65534", "--python", "/usr/bin/python3"}
}

func owner(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// A daemon of nobody's, in a directory of root's: log and pid file are made by root and
// given to it, and after an upgrade they are right as well.
func TestDaemonOfAnotherUser(t *testing.T) {
	t.Parallel()
	s, args := newServerOfNobody(t)
	binary := filepath.Join(s.dir, "highball")
	harness.CopyBinary(t, binary)
	background := func() (string, int) {
		cmd := s.command(append([]string{"--daemon"}, args...)...)
		cmd.Path, cmd.Args[0] = binary, binary
		return outcome(cmd)
	}
	if out, code := background(); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Cleanup(s.ended)
	pid := s.pid()
	t.Cleanup(func() { _ = syscall.Kill(s.pid(), syscall.SIGTERM) })
	if status := read(fmt.Sprintf("/proc/%d/status", pid)); !strings.Contains(status, "Uid:\t65534\t65534\t65534\t65534") {
		t.Errorf("the front is\n%s", status)
	}
	for _, path := range []string{s.log, s.pidFile} {
		if got := owner(t, path); got != nobody {
			t.Errorf("%s belongs to %d", path, got)
		}
	}
	s.wantGet()
	s.signal(syscall.SIGUSR2)
	harness.Eventually(t, "the file names the new process", func() bool { return s.pid() != pid && s.pid() != 0 })
	s.wantGet()
	s.signal(syscall.SIGTERM)
	s.ended()
	if got := read(s.pidFile); got != "" {
		t.Errorf("at the end the file has %q, want nothing: nobody may not remove it", got)
	}
	if out, code := background(); code != 0 {
		t.Fatalf("the next start: exit code %d: %s", code, out)
	}
	s.signal(syscall.SIGTERM)
}

// A directory in which the user can do nothing, and root made nothing, ends the start.
func TestPidFileThatTheUserCannotWrite(t *testing.T) {
	t.Parallel()
	s, args := newServerOfNobody(t)
	closed := filepath.Join(s.dir, "closed")
	if err := os.Mkdir(closed, 0o770); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o770); err != nil { // root's group could put a link there
		t.Fatal(err)
	}
	s.pidFile = filepath.Join(closed, "server.pid")
	if out, code := outcome(s.command(args...)); code != 1 || !strings.Contains(out, "choose a directory that this user may write") {
		t.Errorf("exit code %d, %s", code, out)
	}
}
