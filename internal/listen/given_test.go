package listen

import (
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// child runs this test in a process of its own, whose descriptors from 3 on are files.
// It has the environment that a service manager gives.
func child(t *testing.T, stdin *os.File, files []*os.File, env ...string) {
	t.Helper()
	// The shell becomes the process that LISTEN_PID names.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run="^$1$" -test.v`, os.Args[0], t.Name())
	cmd.Env = append(os.Environ(), append(env, "HIGHBALL_TEST_CHILD=1")...)
	cmd.ExtraFiles = files
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("the process with the descriptors: %v\n%s", err, out)
	}
}

func isChild() bool { return os.Getenv("HIGHBALL_TEST_CHILD") != "" }

func file(t *testing.T, l net.Listener) *os.File {
	t.Helper()
	f, err := l.(*Socket).Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFromSystemd(t *testing.T) {
	if !isChild() {
		files := []*os.File{file(t, open(t, Address{Host: "127.0.0.1"})), file(t, open(t, sock(t))), file(t, open(t, Address{Host: "127.0.0.1"}))}
		child(t, nil, files, "LISTEN_FDS=3", "LISTEN_FDNAMES=web:app:web")
		return
	}
	given, err := FromSystemd(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInherited(given)
	if err != nil {
		t.Fatal(err)
	}
	if all := in.TakeAll(t.Context(), Address{Given: "systemd:none"}); all != nil {
		t.Errorf("took %v by another name", all)
	}
	web := in.TakeAll(t.Context(), Address{Given: "systemd:web"})
	if len(web) != 2 || !slices.Equal(in.Left(), []string{"systemd:app"}) {
		t.Fatalf("took %d sockets of two, left %v", len(web), in.Left())
	}
	app := in.TakeAll(t.Context(), Address{Given: AllOfSystemd})
	if len(app) != 1 {
		t.Fatalf("took %d, want the rest", len(app))
	}
	for _, s := range append(web, app...) {
		s.Share(false)
		if !s.Held() || !s.Shared() || s.Served() {
			t.Errorf("%s: held %v, shared %v, served %v", s.Name(), s.Held(), s.Shared(), s.Served())
		}
		talk(t, s)
	}
}

// What another process was given is none of ours, and descriptors may be left out.
func TestFromSystemdLeavesOut(t *testing.T) {
	env := map[string]string{"LISTEN_FDS": "1", "LISTEN_PID": "1"}
	getenv := func(name string) string { return env[name] }
	if given, err := FromSystemd(getenv); given != nil || err != nil {
		t.Errorf("took what is for process 1: %v, %v", given, err)
	}
	env["LISTEN_PID"] = strconv.Itoa(os.Getpid())
	if given, err := FromSystemd(getenv, 3); given != nil || err != nil {
		t.Errorf("took descriptor 3: %v, %v", given, err)
	}
	env["LISTEN_FDS"] = "many"
	if _, err := FromSystemd(getenv); err == nil {
		t.Error("took many")
	}
}

// A number that is not the parent's may be the runtime's own: it stays open.
func TestFromDescriptorOfOthers(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd := int(r.Fd())
	if _, err := FromDescriptor(fd); err == nil || !strings.Contains(err.Error(), "no listening socket") {
		t.Errorf("a pipe: %v", err)
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Errorf("the pipe was closed: %v", err)
	}
}

func TestFromDescriptor(t *testing.T) {
	if !isChild() {
		l := open(t, Address{Host: "127.0.0.1"})
		child(t, file(t, l), []*os.File{file(t, l), nil, file(t, open(t, sock(t)))})
		return
	}
	for _, fd := range []int{0, 3, 5} {
		g, err := FromDescriptor(fd)
		if err != nil {
			t.Fatal(err)
		}
		in, err := NewInherited([]Given{g})
		if err != nil {
			t.Fatal(err)
		}
		s := in.Take(t.Context(), Address{Given: "fd://" + strconv.Itoa(fd)})
		if s == nil {
			t.Fatalf("%d: not taken", fd)
		}
		talk(t, s)
	}
	if n, err := os.Stdin.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("stdin is still the socket: %v", err)
	}
	if _, err := FromDescriptor(999); err == nil {
		t.Error("took a descriptor that is not there")
	}
}

func TestNotGiven(t *testing.T) {
	for given, want := range map[string]string{"fd://77": "no such socket", "systemd:web": "FileDescriptorName="} {
		wantError(t, Address{Given: given}, want)
	}
}

func TestAbstract(t *testing.T) {
	if runtime.GOOS != "linux" {
		_, err := Parse("unix:@x")
		wantText(t, err, "only Linux")
		return
	}
	a, err := Parse("unix:@highball-test-" + strconv.Itoa(os.Getpid()))
	if err != nil || a.Network() != "unix" {
		t.Fatal(a, err)
	}
	l := open(t, a).(*Socket)
	talk(t, l)
	wantError(t, a, "address already in use")
	if s := give(t, "", l).Take(t.Context(), a); s == nil {
		t.Error("not taken by its name")
	}
	if s := give(t, "", l).Take(t.Context(), Address{Path: a.Abstract}); s != nil {
		t.Error("taken for a file")
	}
	if _, err := os.Lstat("@" + a.Abstract); err == nil {
		t.Error("there is a file")
	}
	longest := "unix:@" + strings.Repeat("a", maxPath-1)
	if _, err := Parse(longest); err != nil {
		t.Error(err)
	}
	for in, want := range map[string]string{longest + "a": "choose a shorter one", "unix:@": "no name"} {
		if _, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
