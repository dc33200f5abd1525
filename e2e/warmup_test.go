package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// warmed says how many requests a worker had seen before this one, and of whom the
// first was. Its /warm does what FAILS says.
const warmed = `
import os
FAILS, SEEN = %q, []
def application(environ, start_response):
    SEEN.append((environ.get("HTTP_USER_AGENT", ""), environ["HTTP_HOST"]))
    status = "200 OK"
    if environ["PATH_INFO"] == "/warm":
        if FAILS == "dies":
            os._exit(3)
        if FAILS == "hangs":
            import time; time.sleep(60)
        status = {"raises": "500 No", "refuses": "404 No"}.get(FAILS, status)
    start_response(status, [("Content-Type", "text/plain")])
    if FAILS == "endless":
        return iter(lambda: b"more", None)
    return [repr((len(SEEN), SEEN[0])).encode()]
`

func startWarmed(t *testing.T, args ...string) *controlled {
	t.Helper()
	return startControlled(t, append(args, "--request-timeout", "1")...)
}

// A worker's first client is its second: the server has asked it before, whether it
// is new with the server, a reload or a recycling.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "control.sock")
	c := &controlled{startProjectOf(t, fmt.Sprintf(warmed, ""), "--workers", "1", "--control", socket,
		"--warmup", "/warm", "--warmup", "http://example.org/more"), socket}
	for _, replace := range []func(){
		func() { c.reload(t, 1, reloaded) },
		func() {
			workers := answer[statusDocument](t, c, "status").Workers // in the order of their starts
			if _, stderr, code := c.ctl(t, "recycle", fmt.Sprint(workers[len(workers)-1].Number)); code != 0 {
				t.Errorf("recycle: %d, %s", code, stderr)
			}
		},
		func() {},
	} {
		body := c.Get(t, "/").Body
		if !strings.HasPrefix(body, "(3, ('highball-warmup/") || !strings.Contains(body, "'localhost'") {
			t.Errorf("a new worker's first client is told %s", body)
		}
		replace()
	}
	if entries := c.Find(func(e harness.Entry) bool { return strings.Contains(e.Message(), "/warm") }); len(entries) > 0 {
		t.Errorf("the log tells of the warm-up: %v", entries)
	}
}

// New code that starts and cannot answer its warm-up request does not serve.
func TestReloadToCodeThatFailsItsWarmUp(t *testing.T) {
	t.Parallel()
	c := startWarmed(t, "--warmup", "/warm")
	for i, fails := range []string{"raises", "dies", "hangs"} {
		c.write(t, fmt.Sprintf(warmed, fails))
		_, stderr, code := c.ctl(t, "reload")
		if code == 0 || !strings.Contains(stderr, "the warm-up request GET /warm was answered 50") {
			t.Errorf("%s: ctl reload exits with %d and says %q", fails, code, stderr)
		}
		c.Wait(t, func(harness.Entry) bool { return c.Count("reload failed, the old code serves on") == i+1 })
		c.Get(t, "/").Want(t, 200, "one")
	}
	c.write(t, fmt.Sprintf(warmed, "refuses")) // which is not a failure
	if _, stderr, code := c.ctl(t, "reload"); code != 0 {
		t.Errorf("ctl reload: %d, %s", code, stderr)
	}
	c.WaitText(t, "does not want a warm-up request")
}

// The server does not start with an application that cannot answer.
func TestStartFailsWithTheWarmUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wsgi.py"), []byte(fmt.Sprintf(warmed, "raises")), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := harness.Launch(harness.Options{
		App: "wsgi.py", Dir: dir, Python: harness.Newest(t).Path, Args: []string{"--warmup", "/warm"},
	})
	if err == nil {
		_ = s.Stop()
		t.Fatal("it serves")
	}
	if !strings.Contains(err.Error(), "the warm-up request GET /warm was answered 500") {
		t.Error(err)
	}
}

// Touching a file, creating it and replacing it are reloads; its disappearance is none.
func TestTouchReload(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deployed")
	p := startProject(t, "--touch-reload", file)
	touch := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	for i, change := range []func(){
		func() { touch("") },
		func() { touch("") },
		func() { touch("other") },
		func() {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			touch("") // before or after a look that misses it: one reload in any case
		},
	} {
		version := fmt.Sprint("version ", i)
		p.write(t, fmt.Sprintf(versioned, version))
		change()
		p.Wait(t, func(harness.Entry) bool { return p.Count(reloaded) == i+1 })
		p.Get(t, "/").Want(t, 200, version)
	}
	if n := p.Count("a file was touched"); n != 4 {
		t.Errorf("%d lines tell of a touched file, want 4", n)
	}
}

// A response that goes on for ever is a warm-up that fails, once start-timeout is over.
func TestReloadToCodeWhoseWarmUpDoesNotEnd(t *testing.T) {
	t.Parallel()
	c := startWarmed(t, "--warmup", "/warm", "--start-timeout", "5", "--workers", "1")
	c.write(t, fmt.Sprintf(warmed, "endless"))
	if _, stderr, code := c.ctl(t, "reload"); code != 1 || !strings.Contains(stderr, "took longer than 5s (start-timeout)") {
		t.Errorf("ctl reload exits with %d and says %q", code, stderr)
	}
	c.Get(t, "/").Want(t, 200, "one")
}
