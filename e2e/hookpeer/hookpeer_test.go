// Package hookpeer runs one gunicorn.conf.py under gunicorn and under Highball.
package hookpeer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// server is one that can be told what both understand.
type server interface {
	Signal(sig os.Signal) error
	Ended() <-chan struct{}
}

// through has a server go through its life, and returns what its hooks say of it.
func (s *site) through(srv server, address string, last os.Signal, leaving ...string) facts {
	t := s.t
	t.Helper()
	s.await("start", "post_worker_init 1")
	s.close("start")

	for _, request := range requests {
		answer := ask(t, address, request)
		s.await("requests", "post_request 1")
		name := strings.Fields(request)[1]
		s.facts["answer to "+name] = answer
		s.close(name)
	}
	signal(t, srv, syscall.SIGHUP)
	s.await("reload", append(s.reloaded, "post_worker_init 1", "child_exit 1", "worker_exit 1")...)
	s.settle()
	s.close("SIGHUP")

	signal(t, srv, syscall.SIGTTIN)
	s.await("more", "post_worker_init 1")
	s.settle() // Highball's front has to know of the worker
	s.close("SIGTTIN")

	signal(t, srv, last)
	<-srv.Ended()
	s.await("stop", leaving...)
	s.close(map[os.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGQUIT: "SIGQUIT"}[last])
	return s.facts
}

// settle waits until the hooks have said nothing for a while: how many a reload has is
// what is compared.
func (s *site) settle() {
	const quiet = 500 * time.Millisecond
	n, since := 0, time.Now()
	harness.Eventually(s.t, "the hooks are quiet", func() bool {
		if now := len(events(s.t, s.events)); now != n {
			n, since = now, time.Now()
		}
		return time.Since(since) > quiet
	})
}

func signal(t *testing.T, srv server, sig os.Signal) {
	t.Helper()
	if err := srv.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

var requests = []string{
	"GET /a%20b?x=1&y=%2F HTTP/1.1\r\nHost: shop\r\nX-One: a\r\nX-Two-Words: b c\r\nConnection: close\r\n\r\n",
	"POST /post HTTP/1.1\r\nHost: shop\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde",
	"HEAD /head HTTP/1.0\r\nHost: shop\r\n\r\n",
	"GET /boom HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
	"GET /refused HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
	"GET /late HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
}

// ask returns the status of the answer.
func ask(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, harness.Patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(harness.Patience))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: strings.Fields(request)[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		return r.Status
	}
	return fmt.Sprintf("%s %q", r.Status, body)
}

// gunicorn is the installed one.
type gunicorn struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func (g *gunicorn) Signal(sig os.Signal) error { return g.cmd.Process.Signal(sig) }
func (g *gunicorn) Ended() <-chan struct{}     { return g.ended }

// python is the interpreter of the virtual environment, which has gunicorn 27.
func python(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("HIGHBALL_TEST_VENV")
	if dir == "" {
		dir = filepath.Join(harness.Root(), ".venv")
	}
	path := filepath.Join(dir, "bin", "python")
	version, err := exec.Command(path, "-c", "import gunicorn; print(gunicorn.__version__)").Output()
	if err != nil || !strings.HasPrefix(string(version), "27.") {
		t.Skip("gunicorn 27 is not installed in the virtual environment: see requirements/test.txt")
	}
	return path
}

func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"gunicorn.conf.py", "shop.py"} {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func underGunicorn(t *testing.T, last os.Signal, leaving ...string) facts {
	t.Helper()
	dir := project(t)
	s := newSite(t, dir)
	g := &gunicorn{ended: make(chan struct{})}
	g.cmd = exec.Command(python(t), "-m", "gunicorn", "shop:application", "--bind", "127.0.0.1:0", "--no-control-socket")
	g.cmd.Dir = dir
	g.cmd.Env = append(harness.CleanEnviron(), "EVENTS="+s.events, "SHOP=shop", "PYTHONDONTWRITEBYTECODE=1")
	var log bytes.Buffer
	g.cmd.Stderr = &log
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = g.cmd.Wait(); close(g.ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
		<-g.ended
		if t.Failed() {
			t.Log(log.String(), s.calls())
		}
	})
	s.await("start", "when_ready 1")
	address := ""
	for _, e := range events(t, s.events) {
		if e.Listens != "" {
			address = strings.TrimPrefix(e.Listens, "http://")
		}
	}
	return s.through(g, address, last, leaving...)
}

func underHighball(t *testing.T, last os.Signal, leaving ...string) facts {
	t.Helper()
	dir := project(t)
	s := newSite(t, dir)
	s.reloaded = []string{"when_ready 1"}
	h, err := harness.Launch(harness.Options{
		App: "shop:application", Dir: dir, Python: python(t), Env: []string{"EVENTS=" + s.events, "SHOP=shop"},
		Args: []string{"--hooks", "gunicorn.conf.py", "--workers", "1", "--threads", "2", "--request-timeout", "30", "--control", "off"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.Signal(syscall.SIGKILL)
		<-h.Ended()
		if t.Failed() {
			t.Log(h.Tail(60), s.calls())
		}
	})
	return s.through(h, h.Address, last, leaving...)
}
