package uwsgi

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

// reloads and upgrades are how often a server changes under load.
const (
	reloads  = 20
	upgrades = 3
)

// loads asks by each way without a pause.
func (s server) loads(t *testing.T, body func(more func())) {
	t.Helper()
	var all []*harness.Load
	for _, proxy := range []*peer.Peer{
		nginx(t, s.tcp, ""), nginx(t, "unix:"+s.socket, ""), peer.Apache(t, `ProxyPass / "uwsgi://`+s.tcp+`/"`), peer.Apache(t, `ProxyPass / "unix:`+s.socket+`|uwsgi://app/"`),
	} {
		load := &harness.Load{Network: "tcp", Address: proxy.Address, Path: "/", KeepAlive: 4, OneShot: 2}
		load.Start()
		all = append(all, load)
	}
	body(func() {
		for _, load := range all {
			before := load.Answered()
			harness.Eventually(t, "the load goes on", func() bool { return load.Answered() >= before+20 })
		}
	})
	for _, load := range all {
		load.End()
		report := load.Wait()
		t.Logf("%d answers, %d refused, %d lost", report.Answered, report.Refused, len(report.Losses))
		for _, loss := range report.Losses {
			t.Errorf("lost: %v", loss)
		}
		if report.Refused > 0 {
			t.Errorf("%d connects were refused", report.Refused)
		}
	}
}

// No client of nginx or Apache sees an error while the code is changed, time and again.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	s := start(t, "hello/wsgi.py")
	s.loads(t, func(more func()) {
		for i := range reloads {
			more()
			if err := s.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			s.Wait(t, func(harness.Entry) bool { return s.Count("reload: the new code serves") > i })
		}
		more()
	})
}

// Nor while another process takes the sockets over.
func TestUpgradesUnderLoad(t *testing.T) {
	t.Parallel()
	s := startWith(t, harness.Options{App: "hello/wsgi.py", Upgraded: true, Args: []string{"--control", "off"}})
	s.loads(t, func(more func()) {
		for range upgrades {
			more()
			old := s.Server
			s.Server = old.Upgrade(t)
			if err := old.Exit(); err != nil {
				t.Error(err)
			}
		}
		more()
	})
	for network, address := range map[string]string{"tcp": s.tcp, "unix": s.socket} {
		harness.Dial(t, network, address).Send(get("/")).Response("GET").Want(t, 200, "hello")
	}
}

// A stop waits for what was asked, on connections that nothing was asked on for a
// moment, and for no more.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	gate := harness.NewGate(t)
	busy := harness.Dial(t, "tcp", s.tcp).Send(get("/blocks?" + gate.Query()))
	visitor := gate.Arrival()
	half := harness.Dial(t, "unix", s.socket).Send(get("/hello")[:40])
	idle := harness.Dial(t, "tcp", s.tcp)
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "nobody listens any more", func() bool {
		c, err := net.Dial("tcp", s.tcp)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	idle.ExpectEnd()
	half.Send(get("/hello")[40:]).Response("GET").Want(t, 200, "hello")
	visitor.Go()
	gate.Arrival().Go()
	busy.Response("GET").Want(t, 200, "onetwo")
	if err := s.Exit(); err != nil {
		t.Error(err)
	}
}

// Sockets that a parent has opened, one of them a service manager.
func TestGivenSockets(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	startWith(t, harness.Options{App: "hello/wsgi.py", Files: []*os.File{file}, Args: []string{"--bind", "uwsgi://fd:3"}})
	harness.Dial(t, "tcp", l.Addr().String()).Send(get("/")).Response("GET").Want(t, 200, "hello")
	w := way{nginx(t, l.Addr().String(), ""), "nginx"}
	w.do(t, harness.Request("GET", "/")).Want(t, 200, "hello")
}

func TestSocketActivation(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("systemd-socket-activate is not installed: it is in Debian's package systemd")
	}
	socket := filepath.Join(t.TempDir(), "systemd")
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { // the first client, with whom systemd starts the server
		for range 500 {
			if c, err := net.Dial("unix", socket); err == nil {
				_ = c.Close()
				return
			}
			<-time.After(20 * time.Millisecond)
		}
	})
	startWith(t, harness.Options{
		App: "hello/wsgi.py", Args: []string{"--bind", "uwsgi://systemd:app"},
		Around: []string{program, "-l", socket, "--fdname=app", "-E", "E2E_SERVER_MARK", "-E", "TMPDIR", "-E", "PYTHONDONTWRITEBYTECODE", "-E", "PATH"},
	})
	harness.Dial(t, "unix", socket).Send(get("/")).Response("GET").Want(t, 200, "hello")
	w := way{nginx(t, "unix:"+socket, ""), "nginx"}
	w.do(t, harness.Request("GET", "/")).Want(t, 200, "hello")
}
