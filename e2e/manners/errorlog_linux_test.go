package manners

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// The server's log is in its file, and on stderr only as long as it starts.
func TestErrorLog(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	access := filepath.Join(s.dir, "access.log")
	r := s.launch("--access-log", access)
	ask(t, s.address, "GET", "/broken", nil)
	s.waitLog("broken on purpose")
	if out := read(r.output); !strings.Contains(out, "python") || strings.Contains(out, "broken on purpose") {
		t.Errorf("stderr has:\n%s", out)
	}
	for _, path := range []string{s.log, access} {
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
	}
	s.signal(syscall.SIGUSR1)
	harness.Eventually(t, "both logs are there again", func() bool {
		_, err1 := os.Stat(s.log)
		_, err2 := os.Stat(access)
		return err1 == nil && err2 == nil
	})
	ask(t, s.address, "GET", "/broken", nil)
	s.waitLog("broken on purpose")
	if got := lines(t, access, 1); len(got) != 1 {
		t.Errorf("the new access log has %q", got)
	}
	s.signal(syscall.SIGTERM)
	r.exit(0)
	if !strings.Contains(read(s.log), "stopping") {
		t.Error("the log does not have the end")
	}
}

// A log that cannot be opened ends the start.
func TestErrorLogThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.log = filepath.Join(s.dir, "no", "error.log")
	if out, code := outcome(s.command()); code != 1 || !strings.Contains(out, "error log "+s.log+": directory") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// smallDisk is a directory with little room.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no room on it.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// On a full disk requests are served, stderr says what is wrong, and the log goes on when
// there is room.
func TestErrorLogOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	disk := smallDisk(t)
	s.log = filepath.Join(disk, "error.log")
	r := s.launch()
	fill(t, disk)
	harness.Eventually(t, "the log is full", func() bool {
		ask(t, s.address, "GET", "/broken", nil)
		return strings.Contains(read(r.output), "the error log cannot be written")
	})
	s.wantGet()
	if err := os.Remove(filepath.Join(disk, "fill")); err != nil {
		t.Fatal(err)
	}
	ask(t, s.address, "GET", "/broken", nil)
	harness.Eventually(t, "stderr says that it is over", func() bool { return strings.Contains(read(r.output), "is written again") })
}

// A disk that is full from the beginning has no room for the pid file: that ends the start.
func TestPidFileOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	disk := smallDisk(t)
	fill(t, disk)
	s.pidFile = filepath.Join(disk, "server.pid")
	if out, code := outcome(s.command()); code != 1 || !strings.Contains(out, "no space left on device") {
		t.Errorf("exit code %d, %s", code, out)
	}
	if left, _ := filepath.Glob(s.pidFile + "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
