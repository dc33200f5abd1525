package listen

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

func sock(t *testing.T) Address {
	t.Helper()
	return Address{Path: filepath.Join(t.TempDir(), "s")}
}

// leaveStale makes the socket file of a server that is gone.
func leaveStale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if !exists(t, path) {
		t.Fatal("no stale socket")
	}
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func TestUnix(t *testing.T) {
	a := sock(t)
	l := open(t, a)
	talk(t, l)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if exists(t, a.Path) {
		t.Error("the socket file is still there after Close")
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close: got %v, want net.ErrClosed", err)
	}
}

func TestUnixStale(t *testing.T) {
	a := sock(t)
	leaveStale(t, a.Path)
	talk(t, open(t, a))
}

func TestUnixLive(t *testing.T) {
	a := sock(t)
	first := open(t, a)
	if err := wantError(t, a, inUse); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %#v, want EADDRINUSE in it", err)
	}
	probe, err := first.Accept() // what the second server looked with
	if err != nil {
		t.Fatal(err)
	}
	probe.Close()
	talk(t, first)
}

func TestUnixNotStream(t *testing.T) {
	a := sock(t)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: a.Path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	wantError(t, a, "socket of another kind")
	if !exists(t, a.Path) {
		t.Error("the other socket was removed")
	}
}

func TestUnixNotSocket(t *testing.T) {
	tests := []struct {
		name string
		make func(path string) error
	}{
		{"file", func(p string) error { return os.WriteFile(p, []byte("precious"), 0o600) }},
		{"directory", func(p string) error { return os.Mkdir(p, 0o700) }},
		{"link", func(p string) error { return os.Symlink("nowhere", p) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := sock(t)
			if err := tt.make(a.Path); err != nil {
				t.Fatal(err)
			}
			wantError(t, a, "exists and is not a socket: remove it, or choose another")
			if !exists(t, a.Path) {
				t.Error("it was removed")
			}
		})
	}
}

func TestUnixParent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "m")
	wantError(t, Address{Path: filepath.Join(missing, "s")}, "directory "+missing+" does not exist: create it")
	wantError(t, Address{Path: filepath.Join(file, "s")}, file+" is not in a directory")
}

func TestUnixForbidden(t *testing.T) {
	a := Address{Path: "/srv/s"}
	err := explainUnix(a, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)})
	wantText(t, err, "unix:/srv/s: permission denied", "write access to /srv")
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %#v, want fs.ErrPermission in it", err)
	}
}

func TestUnixTooLong(t *testing.T) {
	wantError(t, Address{Path: "/" + strings.Repeat("a", maxPath)}, "choose a shorter one")
}

func TestUnixCloseKeepsOthers(t *testing.T) {
	a := sock(t)
	first := open(t, a)
	if err := os.Remove(a.Path); err != nil {
		t.Fatal(err)
	}
	second := open(t, a)
	first.Close()
	talk(t, second)
}

// A relative path is removed where it was made.
func TestUnixRelative(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	l := open(t, Address{Path: "s"})
	t.Chdir(t.TempDir())
	l.Close()
	if exists(t, filepath.Join(dir, "s")) {
		t.Error("the socket file is still there after Close")
	}
}
