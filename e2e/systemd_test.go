package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// manager is systemd's end of NOTIFY_SOCKET.
type manager struct {
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "n")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{path, conn}
}

// hears waits for a message with this assignment and returns it.
func (m *manager) hears(t *testing.T, assignment string) string {
	t.Helper()
	message := make([]byte, 4096)
	_ = m.conn.SetReadDeadline(time.Now().Add(harness.Patience))
	for {
		n, err := m.conn.Read(message)
		if err != nil {
			t.Fatalf("systemd was not told %s: %v", assignment, err)
		}
		if text := string(message[:n]); strings.Contains("\n"+text, "\n"+assignment) {
			return text
		}
	}
}

// The life of a service of Type=notify-reload, as its manager hears of it.
func TestNotifications(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	u := startUpgradable(t, harness.Options{Env: []string{"NOTIFY_SOCKET=" + m.path, "WATCHDOG_USEC=1000000"}})
	m.hears(t, "STATUS=starting: 0 of 2 workers")
	m.hears(t, "READY=1")
	m.hears(t, "STATUS=ready: 2 of 2 workers")
	m.hears(t, "WATCHDOG=1")
	if env := u.Get(t, "/environ").Body; strings.Contains(env, "NOTIFY_") || strings.Contains(env, "WATCHDOG_") {
		t.Errorf("workers know of the manager: %s", env)
	}
	u.signal(t, syscall.SIGHUP)
	if text := m.hears(t, "RELOADING=1"); !strings.Contains(text, "\nMONOTONIC_USEC=") {
		t.Errorf("no time: %q", text)
	}
	m.hears(t, "READY=1")

	u.signal(t, syscall.SIGUSR2)
	m.hears(t, "MAINPID=")
	m.hears(t, "READY=1") // by the new one, which goes on with the watchdog
	m.hears(t, "WATCHDOG=1")
	u.Server = u.Successor(t)
	u.signal(t, syscall.SIGTERM)
	m.hears(t, "STOPPING=1")
}

// activated runs a server below systemd-socket-activate, which starts it with the first
// connection.
func activated(t *testing.T, options harness.Options, unix string, names string) harness.Options {
	t.Helper()
	program, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("systemd-socket-activate is not installed: it is in Debian's package systemd")
	}
	free := listen(t, "tcp", "127.0.0.1:0")
	address := free.Addr().String()
	free.file.Close()
	free.Close()
	options.Around = []string{
		program, "-l", address, "-l", unix, "--fdname=" + names,
		"-E", "E2E_SERVER_MARK", "-E", "TMPDIR", "-E", "PYTHONDONTWRITEBYTECODE", "-E", "NOTIFY_SOCKET", "-E", "PATH",
	}
	go func() { // systemd's clients
		for range 500 {
			if c, err := net.Dial("unix", unix); err == nil {
				c.Close()
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	}()
	return options
}

// Sockets of systemd: by name, and without a bind all of them; an upgrade hands them
// over, and the stop leaves them to systemd.
func TestSocketActivation(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"none": nil, "all": {"--bind", "systemd:"}, "names": {"--bind", "systemd:web", "--bind", "http://systemd:app?backlog=9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			socket := filepath.Join(dir, "systemd")
			app := filepath.Join(dir, "front.py")
			if err := os.WriteFile(app, []byte(tellsItsFront), 0o600); err != nil {
				t.Fatal(err)
			}
			s := harness.Start(t, activated(t, harness.Options{
				App: app, Dir: dir, Python: harness.Newest(t).Path, Unbound: true, Upgraded: true, Args: append(args, "--control", "off"),
			}, socket, "web:app"))
			want := func() {
				t.Helper()
				s.Get(t, "/").Want(t, 200, fmt.Sprint(s.PID))
				harness.Dial(t, "unix", socket).Send(harness.Request("GET", "/")).Response("GET").Want(t, 200, fmt.Sprint(s.PID))
			}
			want()
			if env := s.Get(t, "/environ").Body; strings.Contains(env, "LISTEN_") {
				t.Errorf("workers know of the sockets: %s", env)
			}
			old := s
			s = s.Upgrade(t)
			if err := old.Exit(); err != nil {
				t.Error(err)
			}
			want()
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(socket); err != nil {
				t.Errorf("systemd's file is gone: %v", err)
			}
		})
	}
}

// A socket that nothing names is told of: its clients would wait for ever.
func TestSocketActivationTellsOfOthers(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "systemd")
	s := harness.Start(t, activated(t, harness.Options{App: "echo", Unbound: true, Args: []string{"--bind", "systemd:web", "--control", "off"}}, socket, "web:app"))
	s.Wait(t, func(e harness.Entry) bool {
		return strings.Contains(e.Message(), "no bind names") && e.Text("socket") == "systemd:app"
	})
}
