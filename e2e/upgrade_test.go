package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// upgrades is how often a server is upgraded under load.
const upgrades = 5

const upgradeFailed = "upgrade failed, this process serves on"

const tellsItsFront = `
import os, time
def application(environ, start_response):
    while environ["PATH_INFO"] == "/slow" and not os.path.exists("done"):
        time.sleep(0.01)
    if environ["PATH_INFO"] == "/environ":
        text = " ".join(os.environ)
    else:
        text = str(front())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]

def front():
    zygote = os.getppid()
    with open("/proc/%d/stat" % zygote) as f:
        return int(f.read().rpartition(")")[2].split()[1])
`

// upgradable is a server whose binary, application and sockets the test can change.
type upgradable struct {
	*harness.Server
	dir, binary, app, socket, control string
}

func startUpgradable(t *testing.T, options harness.Options) *upgradable {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc, where the application finds its front")
	}
	dir := t.TempDir()
	u := &upgradable{
		dir: dir, binary: filepath.Join(dir, "bin", "highball"), app: filepath.Join(dir, "wsgi.py"),
		socket: filepath.Join(dir, "s"), control: filepath.Join(dir, "c"),
	}
	harness.CopyBinary(t, u.binary)
	u.write(t, u.app, tellsItsFront, 0o600)
	options.App, options.Dir, options.Binary, options.Upgraded = "wsgi.py", dir, u.binary, true
	options.Python = harness.Newest(t).Path
	options.Args = append([]string{"--workers", "2", "--bind", "unix:" + u.socket, "--control", u.control}, options.Args...)
	u.Server = harness.Start(t, options)
	return u
}

func (u *upgradable) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	_ = os.Remove(path)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// upgrade has the next process take over, and checks that the old one ends well.
func (u *upgradable) upgrade(t *testing.T) {
	t.Helper()
	old := u.Server
	u.Server = old.Upgrade(t)
	if err := old.Exit(); err != nil {
		t.Error(err)
	}
}

// fails sends SIGUSR2 and waits for the log to say why there was no upgrade.
func (u *upgradable) fails(t *testing.T, why ...string) {
	t.Helper()
	u.signal(t, syscall.SIGUSR2)
	u.WaitText(t, append(why, upgradeFailed)...)
	u.wantFront(t)
}

func (u *upgradable) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := u.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wantFront checks that this process, and no other, serves both sockets.
func (u *upgradable) wantFront(t *testing.T) {
	t.Helper()
	for range 4 {
		u.Get(t, "/").Want(t, 200, fmt.Sprint(u.PID))
		harness.Dial(t, "unix", u.socket).Send(harness.Request("GET", "/")).Response("GET").Want(t, 200, fmt.Sprint(u.PID))
	}
}

// Upgrade after upgrade under load, each to a binary that was put in the place of the
// one that runs: no connect is refused and no request lost.
func TestUpgradesUnderLoad(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			u := startUpgradable(t, harness.Options{})
			load := &harness.Load{Network: network, Address: u.Address, Path: "/", KeepAlive: 16, OneShot: 8}
			if network == "unix" {
				load.Address = u.socket
			}
			load.Start()
			for range upgrades {
				before := load.Answered()
				harness.Eventually(t, "the load goes on", func() bool { return load.Answered() >= before+200 })
				harness.CopyBinary(t, u.binary)
				u.upgrade(t)
			}
			load.End()
			report := load.Wait()
			t.Logf("%d upgrades: %d answers, %d clients told to close, %d refused at connect, %d lost",
				upgrades, report.Answered, report.Told, report.Refused, len(report.Losses))
			for _, loss := range report.Losses {
				t.Errorf("lost: %v", loss)
			}
			if report.Refused > 0 {
				t.Errorf("%d connects were refused", report.Refused)
			}
			if report.Told == 0 {
				t.Error("nobody had a connection to an old process: this proves nothing")
			}
			u.wantFront(t)
			if n := u.Count("were cut"); n > 0 {
				t.Error("the log says that requests were cut")
			}
		})
	}
}

// The old process finishes what it has begun.
func TestUpgradeFinishesRequests(t *testing.T) {
	t.Parallel()
	u := startUpgradable(t, harness.Options{})
	old := u.Server
	idle, slow := u.Dial(t), u.Dial(t)
	idle.Send(harness.Request("GET", "/")).Response("GET").Want(t, 200, fmt.Sprint(old.PID))
	slow.Send(harness.Request("GET", "/slow"))
	u.signal(t, syscall.SIGUSR2)
	u.WaitText(t, "this process has taken over")
	idle.Send(harness.Request("GET", "/slow"))
	slow.Silent()
	u.write(t, filepath.Join(u.dir, "done"), "", 0o600)
	for _, c := range []*harness.Conn{idle, slow} {
		r := c.Response("GET")
		r.Want(t, 200, fmt.Sprint(old.PID))
		want(t, "Connection", r.Get("Connection"), "close")
	}
	u.Server = old.Successor(t)
	u.wantFront(t)
	if err := old.Exit(); err != nil {
		t.Error(err)
	}
}

// Whatever is wrong with the new program or the new code, the old process serves on,
// and the next attempt can succeed.
func TestUpgradeThatFails(t *testing.T) {
	t.Parallel()
	u := startUpgradable(t, harness.Options{Args: []string{"--start-timeout", "6"}})
	u.wantFront(t)
	if err := os.Remove(u.binary); err != nil {
		t.Fatal(err)
	}
	u.fails(t, u.binary, "no such file")
	u.write(t, u.binary, "#!/bin/sh\nexit 7\n", 0o700)
	u.fails(t, "exit status 7")
	u.write(t, u.binary, "#!/bin/sh\nkill -9 $$\n", 0o700)
	u.fails(t, "signal: killed")
	u.write(t, u.binary, "just text\n", 0o700)
	u.fails(t, "exec format error")
	u.write(t, u.binary, "#!/bin/sh\n", 0o600)
	if os.Geteuid() != 0 { // root may not either, but says so in the same words
		u.fails(t, "permission denied")
	}

	harness.CopyBinary(t, u.binary)
	u.write(t, u.app, "import no_such_module_anywhere\n", 0o600)
	u.fails(t, "exit status 3")
	u.write(t, u.app, "import time; time.sleep(600)\n", 0o600)
	u.fails(t, "exit status 1")
	if u.Count("no_such_module_anywhere") == 0 || u.Count("--start-timeout") == 0 {
		t.Error("the log does not say what is wrong with the application")
	}
	harness.Eventually(t, "nothing of the failed ones is left", func() bool { return len(u.Processes()) == 4 })

	u.write(t, u.app, tellsItsFront, 0o600)
	u.upgrade(t)
	u.wantFront(t)
}

// A new process that neither ends nor is ready is killed.
func TestUpgradeThatHangs(t *testing.T) {
	t.Parallel()
	u := startUpgradable(t, harness.Options{Args: []string{"--start-timeout", "5"}})
	u.write(t, u.binary, "#!/bin/sh\nexec sleep 600\n", 0o700)
	u.fails(t, "not ready within 15s: it is killed")
	harness.Eventually(t, "it is gone", func() bool { return len(u.Processes()) == 4 })
}

const waitsForFile = `
import os, time
while not os.path.exists("go"):
    time.sleep(0.01)
` + tellsItsFront

// hangs begins an upgrade to code that waits for the file "go".
func (u *upgradable) hangs(t *testing.T) {
	t.Helper()
	u.write(t, u.app, waitsForFile, 0o600)
	u.signal(t, syscall.SIGUSR2)
	u.WaitText(t, "a new process was started")
	harness.Eventually(t, "the new process imports the application", func() bool { return len(u.Processes()) > 5 })
}

// What other signals do while a new process starts.
func TestSignalsDuringAnUpgrade(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		u := startUpgradable(t, harness.Options{})
		u.hangs(t)
		u.signal(t, syscall.SIGUSR2)
		u.WaitText(t, "no upgrade: another upgrade is in progress")
		u.signal(t, syscall.SIGHUP)
		u.WaitText(t, "no reload: an upgrade is in progress")
		u.wantFront(t)
		u.write(t, filepath.Join(u.dir, "go"), "", 0o600)
		u.WaitText(t, "this process has taken over")
		old := u.Server
		u.Server = old.Successor(t)
		u.wantFront(t)
	})
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			u := startUpgradable(t, harness.Options{})
			u.hangs(t)
			u.signal(t, sig)
			if err := u.Exit(); (err == nil) != (sig != syscall.SIGQUIT) {
				t.Errorf("it ended with %v", err)
			}
			harness.Eventually(t, "all processes end", func() bool { return len(u.Processes()) == 0 })
			if err := u.Leave(); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(u.socket); err == nil {
				t.Error("the Unix socket is left")
			}
		})
	}
}

// A new process whose predecessor dies takes over as soon as it can.
func TestUpgradeOutlivesTheOldProcess(t *testing.T) {
	t.Parallel()
	u := startUpgradable(t, harness.Options{})
	u.hangs(t)
	old := u.Server
	u.signal(t, syscall.SIGKILL)
	waiting := u.Dial(t).Send(harness.Request("GET", "/"))
	u.write(t, filepath.Join(u.dir, "go"), "", 0o600)
	u.Server = old.Successor(t)
	waiting.Response("GET").Want(t, 200, fmt.Sprint(u.PID))
	u.WaitText(t, "this process has taken over")
	u.wantFront(t)
	u.signal(t, syscall.SIGTERM)
	if err := u.Exit(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(u.socket); err == nil {
		t.Error("the Unix socket, which was its own, is left")
	}
}

// systemd learns of the new main process; the workers know of neither.
func TestUpgradeTellsSystemd(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	u := startUpgradable(t, harness.Options{Env: []string{"NOTIFY_SOCKET=" + m.path, "LISTEN_PID=1", "LISTEN_FDS=1"}})
	for range 2 {
		u.upgrade(t)
		if got := m.hears(t, "MAINPID="); got != fmt.Sprint("MAINPID=", u.PID) {
			t.Fatalf("systemd was told %q, want MAINPID=%d", got, u.PID)
		}
		names := u.Get(t, "/environ").Body
		if strings.Contains(names, "NOTIFY_") || strings.Contains(names, "LISTEN_") || !strings.Contains(names, "PATH") {
			t.Errorf("a worker's variables: %s", names)
		}
	}
}

// highball ctl reaches the new process, at the same path.
func TestUpgradeKeepsTheControlSocket(t *testing.T) {
	t.Parallel()
	u := startUpgradable(t, harness.Options{})
	for range 3 {
		u.upgrade(t)
		c := &controlled{&project{Server: u.Server}, u.control}
		if status := answer[statusDocument](t, c, "status"); status.PID != u.PID || status.State != "ready" {
			t.Errorf("ctl reaches process %d, which is %s; want %d", status.PID, status.State, u.PID)
		}
	}
	c := &controlled{&project{Server: u.Server}, u.control}
	u.hangs(t)
	for range 5 {
		if status := answer[statusDocument](t, c, "status"); status.PID != u.PID {
			t.Errorf("ctl reaches process %d, which does not serve yet", status.PID)
		}
	}
	if _, stderr, code := c.ctl(t, "stop"); code != 0 {
		t.Errorf("stop: exit code %d: %s", code, stderr)
	}
	if err := u.Exit(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{u.control, u.socket} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
}

// The workers of a process that has taken over have none of its sockets.
func TestUpgradeKeepsSocketsFromWorkers(t *testing.T) {
	t.Parallel()
	u := startUpgradable(t, harness.Options{})
	u.upgrade(t)
	own := sockets(t, u.PID)
	for _, pid := range u.Processes() {
		for _, s := range sockets(t, pid) {
			if pid != u.PID && slices.Contains(own, s) {
				t.Errorf("process %d has %s of the front", pid, s)
			}
		}
	}
}

// sockets are the open sockets of a process.
func sockets(t *testing.T, pid int) (names []string) {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil && strings.HasPrefix(name, "socket:") {
			names = append(names, name)
		}
	}
	return names
}
