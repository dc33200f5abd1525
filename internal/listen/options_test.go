package listen

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func openWith(t *testing.T, bind string) *Socket {
	t.Helper()
	b, err := ParseBind(bind)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), b.Address, b.Options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func option(t *testing.T, l *Socket, level, name int) int {
	t.Helper()
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if controlErr := raw.Control(func(fd uintptr) { n, err = unix.GetsockoptInt(int(fd), level, name) }); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	return n
}

func TestModeOfTheFile(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666, 0o777} {
		a := sock(t)
		l := openWith(t, fmt.Sprintf("%s?mode=%o", a, mode))
		info, err := os.Lstat(a.Path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, mode)
		}
		talk(t, l)
	}
}

// A file whose options cannot be applied is not listened on.
func TestListenFileFails(t *testing.T) {
	a := sock(t)
	_, err := ListenFile(a.Path, Options{Owner: "no-such-user-here", Mode: 0o600})
	if err == nil || exists(t, a.Path) {
		t.Errorf("listening in spite of an option that failed: %v", err)
	}
}

func TestOwnerOfTheFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file away")
	}
	a := sock(t)
	openWith(t, a.String()+"?owner=nobody&group=12345")
	info, err := os.Lstat(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); st.Uid == 0 || st.Gid != 12345 {
		t.Errorf("the file belongs to %d:%d", st.Uid, st.Gid)
	}
}

func TestOptionErrors(t *testing.T) {
	a := sock(t)
	for option, want := range map[string]string{
		"owner=no-such-user-here":  `owner "no-such-user-here": there is no such user`,
		"group=no-such-group-here": `group "no-such-group-here": there is no such group`,
	} {
		b, err := ParseBind(a.String() + "?" + option)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Listen(t.Context(), b.Address, b.Options)
		if err == nil {
			t.Fatalf("%s: listening", option)
		}
		wantText(t, err, a.String()+": ", want)
		if exists(t, a.Path) {
			t.Errorf("%s: the file was left behind", option)
		}
	}
}

// A link in the place of the socket leads nowhere.
func TestOwnerFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir+"/file", dir+"/s"); err != nil {
		t.Fatal(err)
	}
	other := openWith(t, sock(t).String()+"?mode=600")
	if err := os.Symlink(other.Addr().String(), dir+"/other"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir + "/s", dir + "/file", dir + "/other"} {
		if err := setFile(path, 0o666, 1, 1); err == nil {
			t.Errorf("%s was taken for a socket", path)
		}
	}
	for _, path := range []string{dir + "/file", dir + "/other"} {
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
	}
}

// A socket that was taken over gets the options that are asked for now.
func TestAdjust(t *testing.T) {
	a := sock(t)
	old := openWith(t, a.String()+"?mode=600")
	l := give(t, a.String(), old).Take(t.Context(), a)
	if err := l.Adjust(Options{Mode: 0o660, Backlog: 7}); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Lstat(a.Path); info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v", info.Mode())
	}
}

// versions are the versions of IP that reach the port of l.
func versions(l net.Listener) string {
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	text := ""
	for name, host := range map[string]string{"4": "127.0.0.1", "6": "::1"} {
		if c, err := net.Dial("tcp", net.JoinHostPort(host, port)); err == nil {
			c.Close()
			text += name
		}
	}
	return strings.Replace(text, "64", "46", 1)
}

func TestVersionsOfIP(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here: ", err)
	} else {
		l.Close()
	}
	for bind, want := range map[string]string{
		":0": "46", "0.0.0.0:0": "4", "[::]:0": "46", "[::]:0?ipv6only": "6", "[::1]:0": "6", "127.0.0.1:0": "4",
	} {
		if got := versions(openWith(t, bind)); got != want {
			t.Errorf("%s is reached by %q, want %q", bind, got, want)
		}
	}
}

func TestReusePort(t *testing.T) {
	one := openWith(t, "127.0.0.1:0?reuseport")
	again := Address{Host: "127.0.0.1"}.Bound(one)
	two := openWith(t, again.String()+"?reuseport")
	if l, err := Listen(t.Context(), again, Options{}); err == nil {
		l.Close()
		t.Error("a socket without the option shares the port")
	}
	for _, l := range []*Socket{one, two} {
		if option(t, l, unix.SOL_SOCKET, unix.SO_REUSEPORT) == 0 {
			t.Error("not set")
		}
	}
}
