//go:build !windows

package pidfile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func newFile(t *testing.T) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server.pid")
	f, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	return f, path
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// holds checks what is at path, and that nothing else is beside it.
func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("the file has %q, %v, want %q", got, err, want)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("there are %v", entries)
	}
}

func ours() string { return fmt.Sprintf("%d\n", os.Getpid()) }

func TestPublishAndRemove(t *testing.T) {
	f, path := newFile(t)
	if err := f.Running(); err != nil {
		t.Fatal(err)
	}
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is there before anybody serves")
	}
	if err := f.Publish(); err != nil {
		t.Fatal(err)
	}
	holds(t, path, ours())
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := f.Running(); err != nil {
		t.Errorf("this process refuses itself: %v", err)
	}
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is still there")
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	f, path := newFile(t)
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("there are %v", entries)
	}
}

// The file is another's by now: the process that has taken over.
func TestRemoveOfAnothers(t *testing.T) {
	f, path := newFile(t)
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := f.Publish(); err != nil {
		t.Fatal(err)
	}
	put(t, path, "1\n")
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "1\n")
}

// child is a process that runs until the test ends.
func child(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func TestRunning(t *testing.T) {
	f, path := newFile(t)
	other := child(t)
	put(t, path, fmt.Sprintf("%d\n", other.Process.Pid))
	if err := f.Running(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("already running on PID %d", other.Process.Pid)) {
		t.Errorf("a process that runs: %v", err)
	}
	_ = other.Process.Kill()
	_ = other.Wait()
	for _, text := range []string{fmt.Sprintf("%d\n", other.Process.Pid), "", "nonsense", "-1", "0\n"} {
		put(t, path, text)
		if err := f.Running(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The number is another's since the file was written.
func TestNumberThatIsAnothersNow(t *testing.T) {
	f, path := newFile(t)
	other := child(t)
	if _, ok := beginning(other.Process.Pid); !ok {
		t.Skip("when a process began is not known here")
	}
	put(t, path, fmt.Sprint(other.Process.Pid))
	before := time.Now().Add(-2 * doubt)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	if err := f.Running(); err != nil {
		t.Error(err)
	}
}

func TestPrepareErrors(t *testing.T) {
	f, err := New(filepath.Join(t.TempDir(), "no", "server.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Prepare(); err == nil || !strings.Contains(err.Error(), "create it first") {
		t.Error(err)
	}
}

// root becomes nobody for what f does.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if err := syscall.Seteuid(65534); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Seteuid(0); err != nil {
			t.Fatal(err)
		}
	}()
	do()
}

// In a directory of root's the file is the user's.
func TestDirectoryOfRoots(t *testing.T) {
	dir, err := os.MkdirTemp("", "pidfile-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "server.pid")
	f, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if err := f.Prepare(); err == nil || !strings.Contains(err.Error(), "permission denied: choose a directory") {
			t.Errorf("without the file: %v", err)
		}
	})
	put(t, path, "99999999999\n")
	if err := f.GiveTo(65534, 65534); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if err := f.Prepare(); err != nil {
			t.Fatal(err)
		}
		holds(t, path, "")
		if err := f.Publish(); err != nil {
			t.Fatal(err)
		}
		holds(t, path, ours())
		if err := f.Remove(); err != nil {
			t.Fatal(err)
		}
	})
	holds(t, path, "")
}

// Root makes no file where others could have put a link.
func TestDirectoryOfOthers(t *testing.T) {
	f, path := newFile(t)
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := f.GiveTo(65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("root has made the file")
	}
}
