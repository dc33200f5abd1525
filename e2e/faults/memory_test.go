package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// cgroup is a control group with so much memory, for highball and all below it.
// There is none where this machine has no controller that we may use.
func cgroup(t *testing.T, bytes int) (in setting, ok bool) {
	for _, version := range []struct{ root, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"},
	} {
		dir, err := os.MkdirTemp(version.root, "highball-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		limit := filepath.Join(dir, version.limit)
		if _, err := os.Stat(limit); err != nil || os.WriteFile(limit, []byte(fmt.Sprint(bytes)), 0o600) != nil {
			continue
		}
		_ = os.WriteFile(filepath.Join(dir, "memory.swap.max"), []byte("0"), 0o600)
		enter := "echo $$ > " + filepath.Join(dir, "cgroup.procs") + ` && exec "$0" "$@"`
		return func(s *setup) { s.wrapper = []string{"sh", "-c", enter} }, true
	}
	return func(*setup) {}, false
}

const hungry = `
import os, signal
def app(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        taken = []
        while os.environ["LIMITED"] == "true":
            taken.append(b"x" * (8 << 20))
        os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`

// The kernel kills the worker that takes too much. Where it cannot be had to, the
// worker dies by the same signal.
func TestOutOfMemoryKill(t *testing.T) {
	t.Parallel()
	in, limited := cgroup(t, 400<<20)
	t.Logf("by the kernel: %t", limited)
	p := start(t, 2, in, asked(t), file("app.py", hungry), env(fmt.Sprint("LIMITED=", limited)))
	p.want(p.get("/eat"), 502, "")
	p.wantLog("worker died: signal 9 (killed), out of memory perhaps", "ERROR")
	p.awaitReady(3)
	for range 4 {
		p.wantGet("/", 200, "")
	}
	p.eventually("status tells", func() bool { return strings.Contains(p.status().LastError, "out of memory perhaps") })
}

// starved has less address space than it wants, at its import or from then on.
const starved = `
import os, resource
def starve(more):
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, resource.RLIM_INFINITY))
%s
def app(environ, start_response):
    if environ["PATH_INFO"] == "/starve":
        starve(24 << 20)
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%%d %%d" %% (os.getpid(), len(body) * (len(body * 20) > 0 if body else 1))]
`

// Memory that a process does not get is an exception, at import and in a request;
// the worker lives.
func TestMemoryErrors(t *testing.T) {
	t.Parallel()
	p := launch(t, file("app.py", fmt.Sprintf(starved, "starve(8 << 20)\nbytearray(1 << 30)\n")))
	p.fails(3, 0, "MemoryError", `app.py", line 8`)

	p = start(t, 1, args("--threads", "1"), file("app.py", fmt.Sprintf(starved, "")))
	pid, _, _ := strings.Cut(p.get("/starve").body, " ")
	const requests = 5
	var load sync.WaitGroup
	for range requests {
		load.Go(func() {
			a := p.request(t.Context(), "POST", "/", strings.NewReader(strings.Repeat("x", 32<<20)))
			if a.err == nil { // else the answer came too early for a client that was sending
				p.want(a, 500, "")
			}
		})
	}
	load.Wait()
	p.eventually("each is told of", func() bool { return p.stderr.count("the application failed") == requests })
	if n := p.stderr.count("\n  MemoryError"); n != requests {
		t.Errorf("%d errors of memory, want %d", n, requests)
	}
	p.wantGet("/", 200, pid+" 0")
}

// Threads that cannot be had are a clear error as well.
func TestThreadsThatCannotStart(t *testing.T) {
	t.Parallel()
	p := launch(t, args("--threads", "8", "--workers", "1"), file("app.py", fmt.Sprintf(starved, "starve(12 << 20)")))
	p.fails(3, 0, "the worker's threads cannot be started: can't start new thread", "hint: allow it more processes")

	p = start(t, 1, asked(t), args("--threads", "8"), file("app.py", fmt.Sprintf(starved, "")))
	p.write("app.py", fmt.Sprintf(starved, "starve(12 << 20)"))
	if _, stderr, code := p.ctl("reload"); code != 1 || !strings.Contains(stderr, "can't start new thread") {
		t.Errorf("reload: exit code %d\n%s", code, stderr)
	}
	p.wantGet("/", 200, "")
}

// A zygote that cannot fork says so; the other workers serve on, and the place is
// filled when it can.
func TestForkFails(t *testing.T) {
	t.Parallel()
	p := start(t, 2, asked(t), args("--preload"), file("app.py", `
import errno, os
from highball_worker import native
fork = native.fork
def limited():
    if os.path.exists("no-fork"):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
    return fork()
native.fork = limited
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
`))
	p.write("no-fork", "")
	workers := p.workers()
	p.signal(workers[0], 9)
	const failed = "the zygote cannot fork a worker"
	p.eventually("some starts have failed", func() bool { return p.stderr.count(failed) >= 3 })
	p.wantLog(failed, "ERROR", "Resource temporarily unavailable")
	for range 4 {
		p.wantGet("/", 200, "ok")
	}
	p.awaitState("failing", failed)
	if err := os.Remove(p.path("no-fork")); err != nil {
		t.Fatal(err)
	}
	p.awaitReady(3)
	p.awaitState("ready", "")
	p.wantGet("/", 200, "ok")
}
