package faults

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMuchOutput(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	p.wantGet("/flood", 200, "ok")
	p.awaitLog("the flood is over")
	if n := p.stderr.count(strings.Repeat("x", 1023) + " stream=stdout"); n != 10240 {
		t.Errorf("%d lines of 10240 are in the log", n)
	}
	p.wantGet("/log-much", 200, "ok")
	p.awaitLog("line 19999 ")
}

// A log that nobody reads may hold up who writes to it, but not the end.
func TestLogThatBlocksDoesNotHoldTheStop(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := launch(t, args("--drain-timeout", "1s", "--workers", "1", "--bind", "unix:app.sock"), func(s *setup) { s.stderr = w })
	_ = w.Close()
	p.eventually("it listens", func() bool { return p.getUnix("app.sock", "/").status == 200 }) // the file is there earlier
	done := make(chan answer, 1)
	go func() { done <- p.getUnix("app.sock", "/flood") }()
	p.noted("seen-flood")
	p.descendants()
	// The third signal ends what hangs in its log.
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	<-time.After(sameSignal)
	p.within(soon, "highball ends", func() bool {
		_ = syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM)
		return !alive(p.cmd.Process.Pid)
	})
	p.nothingLeft(soon)
}

// An application that closes what is not its own harms its process only.
func TestApplicationThatClosesDescriptors(t *testing.T) {
	t.Parallel()
	p := start(t, 2)
	running, pid := p.begin("running")
	a := p.get("/close-descriptors")
	if a.status == 200 && a.body != "closed" || a.status != 200 && a.status != 502 {
		t.Errorf("got %d %q", a.status, a.body)
	}
	p.finish("running")
	p.want(<-running, 200, "waited")
	for range 20 {
		p.eventually("requests are served", func() bool { return p.get("/").status == 200 })
	}
	if !alive(pid) {
		t.Error("the other process was harmed")
	}
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantExit(0)
}

func TestApplicationThatClosesStdout(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	p.wantGet("/close-stdout", 200, "closed")
	p.wantGet("/", 200, "ok")
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantExit(0)
	if p.stderr.has("worker died") || p.stderr.has("worker killed") {
		t.Error("the worker did not end by itself")
	}
}

func TestSignalHandlersOfTheApplication(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--threads", "1"))
	p.wantGet("/set-signal", 200, "caught 1")
	p = start(t, 1, args("--threads", "1", "--preload"))
	p.wantGet("/set-signal", 200, "caught 1")
}

func TestApplicationThatChangesDirectory(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	p.wantGet("/chdir", 200, "/")
	p.wantGet("/", 200, "ok")
	p.want(p.request(t.Context(), "POST", "/read", strings.NewReader(strings.Repeat("x", 300000))), 200, "300000")
	p.signal(p.workers()[0], syscall.SIGKILL)
	p.eventually("the replacement is where it belongs", func() bool { return p.get("/pid").status == 200 })
}

// Files of the project that have names of the standard library's modules.
func TestModulesOfTheProjectShadowNothing(t *testing.T) {
	t.Parallel()
	settings := []setting{file("app.py", `
import highball.mine
def app(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise ValueError("on purpose")
    start_response("200 OK", [])
    return [highball.mine.WORD + str(len(environ["wsgi.input"].read())).encode()]
`)}
	for _, name := range []string{
		"socket", "types", "os", "io", "struct", "marshal", "array", "select", "signal", "threading", "traceback", "linecache",
		"tokenize", "importlib", "re", "string", "functools", "collections", "enum", "typing", "mmap", "gc", "inspect", "ast", "token",
		"code", "codecs", "random", "tempfile", "logging", "selectors", "warnings", "contextlib", "textwrap", "highball_worker",
	} {
		settings = append(settings, file(name+".py", fmt.Sprintf("raise RuntimeError('the project's %s was imported')\n", name)))
	}
	settings = append(settings, file("highball/__init__.py", ""), file("highball/mine.py", "WORD = b'ours'\n"))
	for _, preload := range []string{"--preload", "--no-preload"} {
		t.Run(preload[2:], func(t *testing.T) {
			t.Parallel()
			p := start(t, 1, append(settings, args(preload, "--threads", "2"))...)
			p.wantGet("/", 200, "ours0")
			p.want(p.request(t.Context(), "POST", "/", strings.NewReader(strings.Repeat("x", 300000))), 200, "ours300000")
			p.wantGet("/fail", 500, "")
			p.awaitLog("ValueError: on purpose")
			p.descendants()
			p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
			p.wantExit(0)
			if p.stderr.has("was imported") {
				t.Error("a module of the project was taken for the standard library's")
			}
		})
	}
}

// With preload, what a fork breaks is named before it does.
func TestPreloadNamesThreadsAndSockets(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--preload"), file("app.py", `
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=threading.Event().wait, name="refresher", daemon=True).start()
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
`))
	p.awaitLog("refresher")
	p.awaitLog("the application opened sockets while it was imported")
	p.awaitLog("127.0.0.1:")
	p.wantGet("/", 200, "ok")
}
