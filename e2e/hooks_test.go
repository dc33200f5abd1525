package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// telling are hooks that say in the log what is called where. The variable FAILS
// has the hook of that name raise, EXITS exit, HANGS hang.
const telling = `
import atexit, json, os, sys, threading, time
here = []
def tell(name, server, worker):
    here.append(name)
    (server or worker).log.info(json.dumps({
        "hook": name, "pid": os.getpid(), "loaded": "shop" in sys.modules, "main": threading.current_thread() is threading.main_thread(),
        "server": server.pid if server else 0, "worker": worker.pid if worker else 0, "age": worker.age if worker else 0,
    }))
    if os.environ.get("FAILS") == name:
        raise OSError("no connection")
    if os.environ.get("EXITS") == name:
        sys.exit("no connection")
    if os.environ.get("HANGS") == name:
        time.sleep(600)
def on_starting(server): tell("on_starting", server, None)
def pre_fork(server, worker):
    print("(fork %d)" % worker.age, end="")
    tell("pre_fork", server, worker)
def post_fork(server, worker):
    atexit.register(tell, "atexit", None, worker)
    tell("post_fork", server, worker)
def post_worker_init(worker): tell("post_worker_init", None, worker)
def worker_abort(worker): tell("worker_abort", None, worker)
def worker_exit(server, worker): tell("worker_exit", server, worker)
def child_exit(server, worker): tell("child_exit", server, worker)
def on_exit(server): tell("on_exit", server, None)
def nworkers_changed(server, new, old): tell("nworkers_changed", server, None)
def when_ready(server): tell("when_ready", server, None)
def on_reload(server): tell("on_reload", server, None)
def worker_int(worker): tell("worker_int", None, worker)
def pre_exec(server): tell("pre_exec", server, None)
def pre_request(worker, req): tell("pre_request", None, worker)
def post_request(worker, req): tell("post_request", None, worker)
`

// shop is an application that says which hooks its process had when it was imported.
const shop = `
import ctypes, os
from mysite import hooks
before = list(hooks.here)
def application(environ, start_response):
    if environ["PATH_INFO"] == "/sleep":
        ctypes.CDLL(None).sleep(600)
    start_response("200 OK", [])
    return [(VERSION + " " + str(os.getpid()) + " " + " ".join(before)).encode()]
VERSION = "one"
`

// hooked is a project with hooks, and its server.
type hooked struct {
	*harness.Server
	dir string
}

func hookedOptions(t *testing.T, p harness.Python, hooks string, args ...string) harness.Options {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"shop.py": shop, "mysite/__init__.py": "", "mysite/hooks.py": hooks} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	return harness.Options{
		App: "shop", Dir: dir, Python: p.Path,
		Args: append([]string{"--hooks", "mysite.hooks", "--workers", "2", "--control", "off", "--log-level", "debug"}, args...),
	}
}

func startHooked(t *testing.T, o harness.Options) hooked {
	t.Helper()
	return hooked{harness.Start(t, o), o.Dir}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// call is what telling says of one call of a hook.
type call struct {
	Hook                     string
	PID, Server, Worker, Age int
	Loaded, Main             bool
	position                 int // in the log
}

// calls are those of the hook so far.
func (h hooked) calls(hook string) (found []call) {
	for i, e := range h.Find(func(harness.Entry) bool { return true }) {
		var c call
		if json.Unmarshal([]byte(e.Message()), &c) == nil && c.Hook == hook && e.Text("pid") == fmt.Sprint(c.PID) {
			c.position = i
			found = append(found, c)
		}
	}
	return found
}

func (h hooked) awaitCalls(t *testing.T, hook string, n int) []call {
	t.Helper()
	harness.Eventually(t, fmt.Sprintf("%d calls of %s", n, hook), func() bool { return len(h.calls(hook)) >= n })
	return h.calls(hook)
}

// awaitReady waits until the front knows of n workers: those that it does not know
// yet when it stops have no orderly end.
func (h hooked) awaitReady(t *testing.T, n int) {
	t.Helper()
	h.Wait(t, func(harness.Entry) bool { return h.Count("worker ready") >= n })
}

// stop ends the server and waits for the rest of its log.
func (h hooked) stop(t *testing.T) {
	t.Helper()
	if err := h.Stop(); err != nil {
		t.Error(err)
	}
}

// Each hook is called in the process that it is for, and when it is said to be.
func TestHooksRunInTheirProcesses(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		for _, args := range [][]string{{"--threads", "1"}, {"--preload", "--threads", "2"}} {
			preload := args[0] == "--preload"
			o := hookedOptions(t, p, telling, args...)
			o.Env = []string{"PYTHONUNBUFFERED="} // what is printed waits for the end of its line
			h := startHooked(t, o)
			h.awaitReady(t, 2)
			body := string(h.Get(t, "/").Body)
			h.stop(t)

			started := h.calls("on_starting")
			if len(started) != 1 || started[0].Loaded || started[0].PID != started[0].Server {
				t.Fatalf("on_starting was called %v", started)
			}
			zygote := started[0].PID
			// What the process had been through when it imported the application.
			if !strings.Contains(body, " on_starting") || strings.HasSuffix(body, " post_fork") == preload || strings.Contains(body, fmt.Sprint(zygote)) {
				t.Errorf("the application says %q", body)
			}
			for _, hook := range []string{"pre_fork", "post_fork", "post_worker_init", "worker_exit", "child_exit"} {
				calls := h.calls(hook)
				if len(calls) != 2 || calls[0].Age+calls[1].Age != 3 {
					t.Errorf("%s was called %v, want once for each worker", hook, calls)
					continue
				}
				for _, c := range calls {
					h.wantPlace(t, c, zygote, preload)
				}
			}
			h.wantOrder(t)
			if printed := h.Count("(fork 1)"); printed != 1 {
				t.Errorf("what pre_fork has printed is %d times in the log", printed)
			}
			if ended := h.calls("on_exit"); len(ended) != 1 || ended[0].PID != zygote {
				t.Errorf("on_exit was called %v", ended)
			}
			if aborted := h.calls("worker_abort"); len(aborted) != 0 {
				t.Errorf("worker_abort was called %v", aborted)
			}
		}
	})
}

// wantPlace checks the process of a call for a worker, and what there is of the application.
func (h hooked) wantPlace(t *testing.T, c call, zygote int, preload bool) {
	t.Helper()
	inZygote := c.Hook == "pre_fork" || c.Hook == "child_exit"
	loaded := preload || c.Hook == "post_worker_init" || c.Hook == "worker_exit"
	if (c.PID == zygote) != inZygote || c.Loaded != loaded || !c.Main {
		t.Errorf("%+v, in the zygote %d: %v, with the application: %v", c, zygote, inZygote, loaded)
	}
	if c.Hook != "post_worker_init" && c.Server != zygote {
		t.Errorf("%+v: the server is %d", c, zygote)
	}
	want := c.PID
	if inZygote {
		want = 0 // before the fork
		for _, exited := range h.calls("post_fork") {
			if c.Hook == "child_exit" && exited.Age == c.Age {
				want = exited.PID
			}
		}
	}
	if c.Worker != want {
		t.Errorf("%+v: want the worker's pid to be %d", c, want)
	}
}

// wantOrder checks that a worker's hooks come in their order, and then atexit functions.
func (h hooked) wantOrder(t *testing.T) {
	t.Helper()
	for _, forked := range h.calls("post_fork") {
		last := forked.position
		for _, hook := range []string{"post_worker_init", "worker_exit", "atexit"} {
			at := -1
			for _, c := range h.calls(hook) {
				if c.PID == forked.PID {
					at = c.position
				}
			}
			if at < last {
				t.Errorf("%s of %d is line %d of the log, what comes before it %d", hook, forked.PID, at, last)
			}
			last = at
		}
	}
}

func (h hooked) reload(t *testing.T, n int, text string) {
	t.Helper()
	if err := h.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	h.Wait(t, func(harness.Entry) bool { return h.Count(text) >= n })
}

func TestHooksOfAReload(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--preload"}, {"--reload-mode", "rolling"}} {
		h := startHooked(t, hookedOptions(t, harness.Newest(t), telling, args...))
		h.awaitReady(t, 2)
		hooks := filepath.Join(h.dir, "mysite", "hooks.py")
		for i, broken := range []string{"import no_such_module\n", "here = []\ndef post_fork(server, worker): raise OSError('no connection')\n", "post_fork = 5\n"} {
			writeFile(t, hooks, broken)
			h.reload(t, i+1, "reload failed, the old code serves on")
			h.Get(t, "/").WantStatus(t, 200)
		}
		for _, text := range []string{"no_such_module", "no connection", "post_fork of mysite.hooks is not callable"} {
			if h.Count(text) == 0 {
				t.Errorf("the log does not have %q", text)
			}
		}
		writeFile(t, hooks, telling)
		writeFile(t, filepath.Join(h.dir, "shop.py"), strings.Replace(shop, `"one"`, `"two"`, 1))
		h.reload(t, 1, reloaded)
		if body := string(h.Get(t, "/").Body); !strings.HasPrefix(body, "two ") {
			t.Errorf("got %q", body)
		}
		started := h.awaitCalls(t, "on_starting", 2)
		ended := h.awaitCalls(t, "on_exit", 1)
		h.awaitCalls(t, "worker_exit", 2)
		if len(started) != 2 || started[0].PID == started[1].PID || ended[0].PID != started[0].PID {
			t.Errorf("started %v, ended %v: want a process for each generation", started, ended)
		}
	}
}

func TestHooksOfARecycledWorker(t *testing.T) {
	t.Parallel()
	h := startHooked(t, hookedOptions(t, harness.Newest(t), telling, "--hooks", "mysite/hooks.py", "--workers", "1", "--max-requests", "3"))
	for range 3 {
		h.Get(t, "/").WantStatus(t, 200)
	}
	exited := h.awaitCalls(t, "worker_exit", 1)
	h.awaitCalls(t, "child_exit", 1)
	forked := h.awaitCalls(t, "post_fork", 2)
	if exited[0].PID != forked[0].PID || forked[1].Age != 2 || forked[1].position > exited[0].position {
		t.Errorf("forked %v, ended %v: want the replacement first", forked, exited)
	}
}

// A worker that is killed since a request does not end may say so before.
func TestWorkerAbort(t *testing.T) {
	t.Parallel()
	h := startHooked(t, hookedOptions(t, harness.Newest(t), telling, "--request-timeout", "500ms", "--workers", "1"))
	h.awaitReady(t, 1)
	h.Get(t, "/sleep").WantStatus(t, 504)
	aborted := h.awaitCalls(t, "worker_abort", 1)
	killed := h.WaitText(t, "worker killed", "timed out and does not end")
	if forked := h.calls("post_fork"); aborted[0].PID != forked[0].PID || killed.Text("pid") != fmt.Sprint(forked[0].PID) {
		t.Errorf("aborted %v, killed %v, forked %v", aborted, killed.Raw, forked)
	}
	h.awaitCalls(t, "child_exit", 1)
	h.Get(t, "/").WantStatus(t, 200)
	if exited := h.calls("worker_exit"); len(exited) > 0 {
		t.Errorf("worker_exit was called %v", exited)
	}
}
