package control

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSocketIsPrivate(t *testing.T) {
	before := syscall.Umask(0) // nothing but Listen makes it private
	defer syscall.Umask(before)
	path := filepath.Join(shortDir(t), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("mode %v, want a socket with 0600", info.Mode())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if exists(path) {
		t.Error("the socket is still there after Close")
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
}

func TestDeadSocketIsReplaced(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	leaveDead(t, path)
	serveAt(t, path, full())
	if _, err := Dial(path).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLiveSocketIsKept(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	serveAt(t, path, full())
	_, err := Listen(path)
	wantText(t, err, path, "another server has it: choose another path with --control")
	if _, err := Dial(path).Status(t.Context()); err != nil {
		t.Errorf("the first server is disturbed: %v", err)
	}
}

func TestOtherFilesAreKept(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Listen(path)
	wantText(t, err, path, "exists and is not a socket")
	if !exists(path) {
		t.Error("it was removed")
	}
}

func TestPathsThatDoNotWork(t *testing.T) {
	dir := shortDir(t)
	long := filepath.Join(dir, strings.Repeat("x", maxPath-len(dir)))
	_, err := Listen(long)
	wantText(t, err, long, "the system allows", "choose a shorter one with --control")
	longest := long[:maxPath]
	l, err := Listen(longest)
	if err != nil {
		t.Fatalf("%d bytes: %v", len(longest), err)
	}
	l.Close()
	_, err = Listen(filepath.Join(dir, "none", "s"))
	wantText(t, err, "directory "+dir+"/none does not exist: create it")
	wantText(t, explain("/srv/s", os.NewSyscallError("bind", syscall.EACCES)), "/srv/s", "may not write to /srv")
}

// A name with "@" is a file too, where there are abstract names.
func TestRelativePath(t *testing.T) {
	dir := shortDir(t)
	t.Chdir(dir)
	l, err := Listen("@s")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if !exists(filepath.Join(dir, "@s")) {
		t.Error("there is no file")
	}
	l.Close()
	if exists(filepath.Join(dir, "@s")) {
		t.Error("the file is still there after Close")
	}
}

func TestCloseKeepsTheSocketOfAnother(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	serveAt(t, path, full())
	first.Close()
	if _, err := Dial(path).Status(t.Context()); err != nil {
		t.Error(err)
	}
}
