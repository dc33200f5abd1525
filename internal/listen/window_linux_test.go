package listen

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// openings is how often another user gets the chance to be sooner than the mode.
const openings = 1000

// Another user, who connects all the time, never gets in while a socket is opened that
// is to be its owner's alone: neither mode nor owner have a window.
func TestNobodyConnectsBeforeTheMode(t *testing.T) {
	if isChild() {
		connectForEver(os.Getenv("HIGHBALL_TEST_PATH"))
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	dir, err := os.MkdirTemp("", "highball-window-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// With the umask that leaves everything, the mode alone keeps others out.
	defer unix.Umask(unix.Umask(0))
	path := filepath.Join(dir, "s")
	entered := startIntruder(t, dir, path)
	for range openings {
		l, err := ListenFile(path, Options{Mode: 0o600, Owner: "1"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		_ = l.Close()
		_ = os.Remove(path)
	}
	l, err := ListenFile(path, Options{Mode: 0o666})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := entered(); got != "in" { // that it can get in at all
		t.Errorf("another user said %q", got)
	}
}

// startIntruder runs connectForEver as another user. What it has said first is returned
// by the function: where it got in.
func startIntruder(t *testing.T, dir, path string) func() string {
	t.Helper()
	program := filepath.Join(dir, "test") // where go test has it, only root may look
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HIGHBALL_TEST_CHILD=1", "HIGHBALL_TEST_PATH="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4712, Gid: 4711}}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "begin\n" {
		t.Fatalf("another user cannot try: %q, %v", line, err)
	}
	return func() string { line, _ := lines.ReadString('\n'); return strings.TrimSpace(line) }
}

// connectForEver says "in" when the socket is open to all, and how it was when it was
// sooner.
func connectForEver(path string) {
	_, _ = io.WriteString(os.Stdout, "begin\n")
	for {
		c, err := net.Dial("unix", path)
		if err != nil {
			continue
		}
		c.Close()
		info, err := os.Lstat(path)
		switch {
		case err == nil && info.Mode().Perm() == 0o666:
			_, _ = io.WriteString(os.Stdout, "in\n")
		default:
			_, _ = io.WriteString(os.Stdout, "sooner\n")
		}
		return
	}
}
