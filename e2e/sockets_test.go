package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// listening is a socket that the test opens for a server, as a service manager does.
type listening struct {
	net.Listener
	file *os.File
}

func listen(t *testing.T, network, address string) listening {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close(); l.Close() })
	return listening{l, file}
}

func (l listening) get(t *testing.T) *harness.Response {
	t.Helper()
	return harness.Dial(t, l.Addr().Network(), l.Addr().String()).Send(harness.Request("GET", "/")).Response("GET")
}

// inode is what /proc calls the socket in each process that has it.
func (l listening) inode(t *testing.T) string {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Fstat(int(l.file.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("socket:[%d]", st.Ino)
}

func holders(t *testing.T, s *harness.Server, inode string) (pids []int) {
	t.Helper()
	for _, pid := range s.Processes() {
		fds, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
		if slices.ContainsFunc(fds, func(fd string) bool { to, _ := os.Readlink(fd); return to == inode }) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Sockets that a parent has opened: TCP, Unix and standard input. No worker has them,
// an upgrade hands them over, and a stop leaves them as they are.
func TestDescriptorsOfTheParent(t *testing.T) {
	t.Parallel()
	one, two := listen(t, "tcp", "127.0.0.1:0"), listen(t, "unix", filepath.Join(t.TempDir(), "s"))
	stdin := listen(t, "tcp", "127.0.0.1:0")
	u := startUpgradable(t, harness.Options{
		Unbound: true, Files: []*os.File{one.file, two.file}, Stdin: stdin.file,
		Args: []string{"--bind", "fd://3", "--bind", "fd:4", "--bind", "fd://0"},
	})
	for range 2 {
		for _, l := range []listening{one, two, stdin} {
			l.get(t).Want(t, 200, fmt.Sprint(u.PID))
			if has := holders(t, u.Server, l.inode(t)); !slices.Equal(has, []int{u.PID}) {
				t.Errorf("%s is open in %v, want the front alone, %d", l.Addr(), has, u.PID)
			}
		}
		u.upgrade(t)
	}
	if err := u.Stop(); err != nil {
		t.Error(err)
	}
	for _, l := range []listening{one, two, stdin} {
		c, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Errorf("a socket of the parent's is closed: %v", err)
			continue
		}
		c.Close()
	}
}

func TestDescriptorIsNoSocket(t *testing.T) {
	t.Parallel()
	refuses(t, "no listening socket", "--bind", "fd://0")
	refuses(t, "no such descriptor", "--bind", "fd://77")
	refuses(t, "systemd has given this process no such socket", "--bind", "systemd:web")
	refuses(t, "the same address", "--bind", "127.0.0.1:8999", "--bind", "uwsgi://127.0.0.1:8999")
}

// refuses checks that the server does not start, and says why in one line.
func refuses(t *testing.T, why string, args ...string) {
	t.Helper()
	cmd := exec.Command(harness.Binary(), append([]string{"run", "echo", "--chdir", harness.Apps(), "--control", "off"}, args...)...)
	cmd.Env = harness.CleanEnviron()
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), why) || strings.Contains(string(out), "python") {
		t.Errorf("%v: %v, want %q before anything is started:\n%s", args, err, why, out)
	}
}

// An abstract name crosses an upgrade.
func TestUpgradeOfAbstract(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("@highball-e2e-%d", os.Getpid())
	u := startUpgradable(t, harness.Options{Args: []string{"--bind", "unix:" + name + "?backlog=7"}})
	for range 2 {
		harness.Dial(t, "unix", name).Send(harness.Request("GET", "/")).Response("GET").Want(t, 200, fmt.Sprint(u.PID))
		u.upgrade(t)
	}
	if err := u.Stop(); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("unix", name); err == nil {
		c.Close()
		t.Error("somebody has the name still")
	}
}

// A Unix socket has its mode when the first client can reach it, and after an upgrade
// the one of the new settings.
func TestModeOfAUnixSocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket, file := filepath.Join(dir, "s"), filepath.Join(dir, "highball.toml")
	configure := func(mode string) {
		text := fmt.Sprintf("bind = [\"127.0.0.1:0\", \"unix:%s?mode=%s&group=%d\"]\n", socket, mode, os.Getegid())
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(mode os.FileMode) {
		t.Helper()
		info, err := os.Lstat(socket)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("the mode is %v, %v; want %v", info.Mode(), err, mode)
		}
	}
	configure("600")
	s := harness.Start(t, harness.Options{App: "echo.wsgi", Dir: dir, Unbound: true, Upgraded: true, Args: []string{"--control", "off"}})
	want(0o600)
	configure("666")
	next := s.Upgrade(t)
	want(0o666)
	if err := s.Exit(); err != nil {
		t.Error(err)
	}
	want(0o666)
	if err := next.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the file was left behind")
	}
}

// Two servers share a port, and the system gives connections to both.
func TestReusePort(t *testing.T) {
	t.Parallel()
	one := startUpgradable(t, harness.Options{Args: []string{"--reuse-port"}})
	two := startUpgradable(t, harness.Options{Unbound: true, Args: []string{"--bind", one.Address + "?reuseport"}})
	if one.Address != two.Address {
		t.Fatalf("%s and %s are not one port", one.Address, two.Address)
	}
	seen := map[string]int{}
	harness.Eventually(t, "both have answered", func() bool {
		seen[one.Get(t, "/").Body]++
		return len(seen) == 2
	})
	if seen[fmt.Sprint(one.PID)] == 0 || seen[fmt.Sprint(two.PID)] == 0 {
		t.Errorf("answers of %v, want %d and %d", seen, one.PID, two.PID)
	}
	if err := two.Stop(); err != nil {
		t.Error(err)
	}
	for range 20 {
		one.Get(t, "/").Want(t, 200, fmt.Sprint(one.PID))
	}
}

// What the system does not allow is told of once.
func TestBacklogBeyondTheSystem(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/sys/net/core/somaxconn"); err != nil {
		t.Skip("this system does not say what it allows")
	}
	s := startUpgradable(t, harness.Options{Args: []string{"--backlog", "2000000000"}})
	s.Get(t, "/").WantStatus(t, 200)
	if n := s.Count("net.core.somaxconn is the limit"); n != 1 {
		t.Errorf("told %d times", n)
	}
}
