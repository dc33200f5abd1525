package listen

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// give hands a socket over, as to another process.
func give(t *testing.T, name string, l *Socket) *Inherited {
	t.Helper()
	f, err := l.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInherited([]Given{{Name: name, File: f}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in
}

func listenOn(t *testing.T, a Address) *Socket {
	t.Helper()
	return open(t, a).(*Socket)
}

func TestInheritedByNameOrAddress(t *testing.T) {
	local := Address{Host: "127.0.0.1"}
	loopback := func(l *Socket) Address { return local.Bound(l) }
	port := func(l *Socket) uint16 { return local.Bound(l).Port }
	for _, test := range []struct {
		what  string
		bound Address
		name  string
		want  func(l *Socket) Address
		taken bool
	}{
		{"the port that the system chose", local, "127.0.0.1:0", func(*Socket) Address { return local }, true},
		{"without a name", local, "", loopback, true},
		{"under another name", local, "elsewhere:1", loopback, true},
		{"a host name", local, "", func(l *Socket) Address { return Address{Host: "localhost", Port: port(l)} }, true},
		{"any address", Address{}, "", func(l *Socket) Address { return Address{Host: "0.0.0.0", Port: port(l)} }, true},
		{"another address", local, "", func(l *Socket) Address { return Address{Host: "127.0.0.2", Port: port(l)} }, false},
		{"any, not this one", local, "", func(l *Socket) Address { return Address{Port: port(l)} }, false},
		{"another port", local, "", func(*Socket) Address { return Address{Host: "127.0.0.1", Port: 1} }, false},
		{"no port", local, "", func(*Socket) Address { return local }, false},
		{"a path", local, "", func(*Socket) Address { return Address{Path: "/x"} }, false},
	} {
		l := listenOn(t, test.bound)
		in := give(t, test.name, l)
		s := in.Take(t.Context(), test.want(l))
		if (s != nil) != test.taken {
			t.Errorf("%s: taken: %v, want %v", test.what, s != nil, test.taken)
		}
		if s == nil {
			continue
		}
		if again := in.Take(t.Context(), test.want(l)); again != nil {
			t.Errorf("%s: taken twice", test.what)
		}
		talk(t, s)
		_ = s.Close()
	}
}

// Two who have a Unix socket: the one that ends leaves the file to the other.
func TestInheritedUnixSocket(t *testing.T) {
	a := sock(t)
	old := listenOn(t, a)
	s := give(t, a.String(), old).Take(t.Context(), a)
	if s == nil {
		t.Fatal("not taken")
	}
	s.Share(false)
	old.Share(true)
	_ = old.Close()
	talk(t, s)
	_ = s.Close()
	if exists(t, a.Path) {
		t.Error("the last one has left the file")
	}
}

// One that was given a socket and ends before it is its own changes nothing.
func TestInheritedUnixSocketGivenBack(t *testing.T) {
	a := sock(t)
	old := listenOn(t, a)
	_ = give(t, a.String(), old).Take(t.Context(), a).Close()
	give(t, a.String(), old).Close()
	if !old.Reachable() {
		t.Error("the file is gone")
	}
	talk(t, old)
}

func TestInheritedRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	old := listenOn(t, Address{Path: "s"})
	abs, _ := filepath.Abs("s")
	if give(t, "", old).Take(t.Context(), Address{Path: abs}) == nil {
		t.Error("not taken by its absolute path")
	}
}

// A socket that clients cannot find is of no use: the address is opened anew.
func TestInheritedWithoutAFile(t *testing.T) {
	a := sock(t)
	old := listenOn(t, a)
	in := give(t, a.String(), old)
	if err := os.Remove(a.Path); err != nil {
		t.Fatal(err)
	}
	if old.Reachable() {
		t.Error("reachable without a file")
	}
	if in.Take(t.Context(), a) != nil {
		t.Error("taken")
	}
}

func TestInheritedIsNoSocket(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, err = NewInherited([]Given{{Name: "x", File: r}})
	if err == nil {
		t.Fatal("a pipe is taken for a socket")
	}
	wantText(t, err, "is no listening socket")
}

// What is handed over must not make ours block: all copies share that mode.
func TestDuplicateDoesNotBlock(t *testing.T) {
	l := listenOn(t, Address{Host: "127.0.0.1"})
	f, err := l.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_ = f.Fd() // as os.StartProcess does
	if _, _, err := syscall.Accept(int(f.Fd())); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("accept: %v, want EAGAIN", err)
	}
	if flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFD, 0); flags&syscall.FD_CLOEXEC == 0 {
		t.Error("it stays open on exec")
	}
	talk(t, l)
}
