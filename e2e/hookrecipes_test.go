package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// What hooks of many projects do, and what they do it with: stand-ins for the libraries,
// which note what they are asked.
const recipes = `
import os, sys, threading, traceback
from prometheus_client import multiprocess
from opentelemetry import trace

bind = "0.0.0.0:80"
workers = 17
worker_class = "gthread"

def when_ready(server):
    server.log.info("Server is ready. Spawning workers")
    open(os.environ["READY"], "w").close()

def on_starting(server):
    server.log.setup(server.cfg)

def post_fork(server, worker):
    server.log.info("Worker spawned (age: %s)", worker.age)
    trace.set_tracer_provider(trace.TracerProvider(resource={"worker": worker.pid}))

def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)

def stacks(worker, why):
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    lines = []
    for ident, stack in sys._current_frames().items():
        lines.append("# Thread: %s(%d)" % (names.get(ident, ""), ident))
        for name, number, function, line in traceback.extract_stack(stack):
            lines.append('%s:%d, in %s' % (os.path.basename(name), number, function))
    worker.log.warning("%s\n%s", why, "\n".join(lines))

def worker_int(worker):
    worker.log.info("worker received INT or QUIT signal")
    stacks(worker, "stacks at a quick stop")

def worker_abort(worker):
    stacks(worker, "stacks at an abort")

def pre_request(worker, req):
    worker.shop_began = req.path
    worker.log.debug("%s %s", req.method, req.path)

def post_request(worker, req, environ, resp):
    worker.log.info("%s %s %s %s after %s", worker.pid, req.method, environ["PATH_INFO"], resp.status_code, worker.shop_began)

def pre_exec(server):
    server.log.info("Forked child, re-executing.")
    if os.path.exists("no-upgrade"):
        raise RuntimeError("the disk is full")
`

const prometheusStandIn = `
import os
def mark_process_dead(pid):
    os.rename("gauge_live_%d.db" % pid, "dead_%d" % pid)
`

const traceStandIn = `
import os
class TracerProvider:
    def __init__(self, resource): self.resource = resource
def set_tracer_provider(provider):
    open("gauge_live_%d.db" % provider.resource["worker"], "w").close()
`

const sleepingShop = `
import ctypes, logging
def application(environ, start_response):
    if environ["PATH_INFO"] == "/sleep":
        ctypes.CDLL(None).sleep(600)
    logging.getLogger("gunicorn.error").warning("seen by gunicorn.error")
    start_response("200 OK", [])
    return [b"hello"]
`

func startRecipes(t *testing.T, args ...string) (*harness.Server, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"gunicorn.conf.py": recipes, "shop.py": sleepingShop,
		"prometheus_client/__init__.py": "", "prometheus_client/multiprocess.py": prometheusStandIn,
		"opentelemetry/__init__.py": "", "opentelemetry/trace.py": traceStandIn,
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return harness.Start(t, harness.Options{
		App: "shop", Dir: dir, Python: harness.Newest(t).Path, Env: []string{"READY=" + filepath.Join(dir, "ready")},
		Args: append([]string{"--hooks", "gunicorn.conf.py", "--workers", "2", "--threads", "2", "--control", "off", "--log-level", "debug"}, args...),
	}), dir
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestHookRecipes(t *testing.T) {
	t.Parallel()
	s, dir := startRecipes(t)
	s.Wait(t, func(harness.Entry) bool { return s.Count("worker ready") >= 2 })
	if _, err := os.Stat(filepath.Join(dir, "ready")); err != nil {
		t.Error(err)
	}
	if found := files(t, dir, "gauge_live_*.db"); len(found) != 2 {
		t.Errorf("tracers of the workers: %q", found)
	}
	s.Get(t, "/").Want(t, 200, "hello")
	for _, text := range []string{"Server is ready. Spawning workers", "Worker spawned (age: 2)", "GET / 200 after /", "seen by gunicorn.error"} {
		s.WaitText(t, text)
	}
	if err := s.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	if err := s.Exit(); err == nil || !strings.Contains(err.Error(), "a signal had the server stop at once") {
		t.Errorf("it ended: %v", err)
	}
	if err := s.Leave(); err != nil {
		t.Error(err)
	}
	dumps := s.Find(func(e harness.Entry) bool { return e.Has("stacks at a quick stop") })
	if len(dumps) != 2 || !strings.Contains(dumps[0].Text("traceback"), "# Thread: MainThread") || dumps[0].Text("level") != "WARN" {
		t.Errorf("stacks of the workers: %v", dumps)
	}
	if found := files(t, dir, "dead_*"); len(found) != 2 {
		t.Errorf("workers that prometheus knows to be dead: %q", found)
	}
}

func TestHookRecipesOfATimeout(t *testing.T) {
	t.Parallel()
	s, dir := startRecipes(t, "--workers", "1", "--request-timeout", "500ms")
	s.Get(t, "/sleep").WantStatus(t, 504)
	dump := s.WaitText(t, "stacks at an abort")
	if !strings.Contains(dump.Text("traceback"), "shop.py:5, in application") {
		t.Errorf("the stacks are %v", dump.Raw)
	}
	harness.Eventually(t, "prometheus is told", func() bool { return len(files(t, dir, "dead_*")) == 1 })
	s.Get(t, "/").Want(t, 200, "hello")
}

// What when_ready starts is the zygote's own, of which nobody is warned; and it is there
// again after a reload, on the same port.
func TestMetricsInWhenReady(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	o := hookedOptions(t, harness.Newest(t), fmt.Sprintf(`
import http.server, os, threading
class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"zygote %%d" %% os.getpid())
    def log_message(self, *args): pass
def when_ready(server):
    metrics = http.server.ThreadingHTTPServer(("127.0.0.1", %d), Metrics)
    threading.Thread(target=metrics.serve_forever, daemon=True).start()
    server.log.info("metrics are served")
here = []
`, port), "--preload")
	h := startHooked(t, o)
	first := metrics(t, port)
	h.reload(t, 1, reloaded)
	h.Wait(t, func(harness.Entry) bool { return h.Count("metrics are served") == 2 })
	if second := metrics(t, port); second == first || !strings.HasPrefix(second, "zygote ") {
		t.Errorf("metrics were served by %s, then by %s", first, second)
	}
	if warned := h.Find(func(e harness.Entry) bool { return e.Text("level") == "WARN" || e.Text("level") == "ERROR" }); len(warned) > 0 {
		t.Errorf("the log has %v", warned)
	}
}

// freePort is one that nobody listens on, for what cannot be told to choose.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func metrics(t *testing.T, port int) string {
	t.Helper()
	r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// pre_exec comes before the new process, and may prevent it.
func TestHookBeforeAnUpgrade(t *testing.T) {
	t.Parallel()
	s, dir := startRecipes(t, "--workers", "1")
	writeFile(t, filepath.Join(dir, "no-upgrade"), "")
	if err := s.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	failed := s.WaitText(t, "upgrade failed, this process serves on")
	if !failed.Has("the hook pre_exec of gunicorn.conf.py failed at "+dir) || !failed.Has("RuntimeError: the disk is full") {
		t.Errorf("the log has %s", failed.Raw)
	}
	s.Get(t, "/").Want(t, 200, "hello")
	if n := s.Count("Forked child, re-executing."); n != 1 {
		t.Errorf("pre_exec was called %d times", n)
	}
}
