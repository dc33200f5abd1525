// Package greenlets tests applications that gevent or eventlet has patched: what they patch
// is theirs, and Highball's own threads, locks and sockets stay the system's.
package greenlets

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// project is an application of which each path does something that greenlets change.
const project = `
import gevent, os, subprocess, threading, time, socket
left = []

def meet(environ):
    with socket.create_connection(("127.0.0.1", int(environ["QUERY_STRING"].partition("=")[2]))) as gate:
        gate.sendall(("%d %s\n" % (os.getpid(), threading.current_thread().name)).encode())
        gate.recv(1)
    return "met"

def together(environ):
    begun = time.monotonic()
    jobs = [gevent.spawn(lambda n=n: (time.sleep(0.2), n)[1]) for n in range(20)]
    gevent.joinall(jobs)
    assert time.monotonic() - begun < 2, "one after the other"
    return " ".join(str(job.value) for job in jobs)

def leave(environ):
    gevent.spawn_later(0.01, left.append, "done")
    return "left"

def pooled(environ):
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(4) as pool:
        return " ".join(pool.map(str, range(4)))

def body(environ):
    time.sleep(0)
    return str(len(environ["wsgi.input"].read()))

def shared(environ):
    import logging, importlib
    log = logging.getLogger("shop")
    for n in range(300):
        log.warning("line %d of %s", n, threading.current_thread().name)
        with lock:
            count[0] += 1
            if n % 50 == 0:
                time.sleep(0.001)
        if n % 100 == 0:
            importlib.reload(importlib.import_module("colorsys"))
    return "shared"

lock, count = threading.Lock(), [0]

def spin(environ):
    while True:
        pass

ways = {
    "/": lambda environ: socket.socket.__module__,
    "/meet": meet,
    "/together": together,
    "/leave": leave,
    "/left": lambda environ: str(len(left)),
    "/pooled": pooled,
    "/body": body,
    "/shared": shared,
    "/count": lambda environ: str(count[0]),
    "/pid": lambda environ: str(os.getpid()),
    "/run": lambda environ: subprocess.run(["echo", "ran"], stdout=subprocess.PIPE).stdout.decode().strip(),
    "/hang": lambda environ: time.sleep(600),
    "/join": lambda environ: gevent.spawn(time.sleep, 600).join(),
    "/spin": spin,
    "/spinning": lambda environ: gevent.spawn(spin, environ).join(),
}

def application(environ, start_response):
    said = ways[environ["PATH_INFO"]](environ).encode()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
`

const patch = "from gevent import monkey; monkey.patch_all()\n"

// having returns an interpreter that has a package: $HIGHBALL_TEST_PYTHON, or that of the
// tests' virtual environment.
func having(t *testing.T, name string) string {
	t.Helper()
	python := os.Getenv("HIGHBALL_TEST_PYTHON")
	if python == "" {
		python = filepath.Join(harness.Root(), ".venv", "bin", "python")
	}
	if out, err := exec.Command(python, "-c", "import "+name).CombinedOutput(); err != nil {
		t.Skipf("%s is not installed in %s: %s", name, python, strings.TrimSpace(string(out)))
	}
	return python
}

// start serves files by name, of which one is wsgi.py.
func start(t *testing.T, files map[string]string, args ...string) *harness.Server {
	t.Helper()
	python := having(t, "gevent")
	return harness.Start(t, harness.Options{App: "wsgi:application", Dir: write(t, files), Python: python, Args: append([]string{"--workers", "1"}, args...)})
}

func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
