package dev

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// Each way in which code does not load: first at the start, then by a change; both heal.
func TestCodeThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		shown []string
	}{
		"syntax":            {"def f(:\n    pass\n", []string{"SyntaxError", "text.py:1", "def f(:"}},
		"an exception":      {"def load():\n    password = 'hunter2'\n    count = 41 + 1\n    raise LookupError('no <such> thing')\nload()\n", []string{"LookupError", "no &lt;such&gt; thing", "text.py:4 in load", "count", "42", "••••"}},
		"a missing module":  {"import not_there_yet\n", []string{"ModuleNotFoundError", "not_there_yet"}},
		"an exit":           {"import sys\nsys.exit(4)\n", []string{"called sys.exit(4)", "__main__"}},
		"a missing name":    {"", []string{"AttributeError", "TEXT"}},
		"a chain of causes": {"try:\n    1 / 0\nexcept ZeroDivisionError as exc:\n    raise ValueError('second') from exc\n", []string{"ValueError", "second", "raised from this one", "ZeroDivisionError"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := strings.Replace(plain, "[text.TEXT.encode()]", "[TEXT]", 1) + "TEXT = text.TEXT.encode()\n"
			p := start(t, files{"app.py": app, "text.py": c.text})
			check := func() {
				t.Helper()
				page := p.Get(t, "/", html)
				page.WantStatus(t, 500)
				contains(t, page.Body, append(c.shown, "<!doctype html>", "/.highball/dev-events?code=")...)
				if strings.Contains(page.Body, "hunter2'</pre></td></tr>") {
					t.Error("a password is shown")
				}
				if told := p.Get(t, "/any", "Accept: */*"); told.Status != 500 || strings.Contains(told.Body, "<html") || !strings.HasPrefix(told.Get("Content-Type"), "text/plain") {
					t.Errorf("curl is told: %s", told.Body)
				}
			}
			check()
			p.after(func() { p.save("text.py", text("healed")) })
			p.Get(t, "/").Want(t, 200, "healed")
			p.after(func() { p.save("text.py", c.text) })
			check()
			p.after(func() { p.save("text.py", text("healed again")) })
			p.Get(t, "/").Want(t, 200, "healed again")
		})
	}
}

// A process that does not live to say what is wrong: the server says it.
func TestCodeThatEndsItsProcess(t *testing.T) {
	t.Parallel()
	p := start(t, files{"app.py": plain, "text.py": text(1)})
	p.after(func() { p.save("text.py", "import os, sys\nprint('last words', file=sys.stderr)\nos._exit(7)\n") })
	page := p.Get(t, "/", html)
	page.WantStatus(t, 500)
	contains(t, page.Body, "<!doctype html>", "exit", "last words", "/.highball/dev-events?code=")
	contains(t, p.Get(t, "/").Body, "last words")
	p.Wait(t, func(e harness.Entry) bool {
		return e.Has("the new code does not start, which pages show until it does")
	})
	if n := p.Count("the old code serves on"); n != 0 {
		t.Errorf("the log says %d times that the old code serves", n)
	}
	p.after(func() { p.save("text.py", text(2)) })
	p.Get(t, "/").Want(t, 200, "2")
}

// A reload by hand mends what a change has broken.
func TestReloadByHandEndsThePage(t *testing.T) {
	t.Parallel()
	p := start(t, files{"app.py": "import os\nif os.path.exists('broken'):\n    os._exit(7)\n" + plain, "text.py": text(1)})
	p.save("broken", "")
	p.after(func() { p.save("text.py", text(2)) })
	contains(t, p.Get(t, "/").Body, "exit code 7")
	if err := os.Remove(p.path("broken")); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.Wait(t, func(harness.Entry) bool { return p.Count(reloaded) == 1 })
	p.Get(t, "/").Want(t, 200, "2")
}

const failing = `
def inner(api_token, config):
    total = sum(config["sizes"])
    raise KeyError("inner")

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/chained":
        try:
            inner("t0psecret", {"sizes": [20, 22], "db_password": "t0psecret"})
        except KeyError as exc:
            raise RuntimeError("<b>outer</b>") from exc
    if path == "/text":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["a str"]
    if path == "/twice":
        start_response("200 OK", [("Content-Type", "text/plain")])
        start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/late":
        def blocks():
            yield b"begun"
            raise ValueError("late")
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "10")])
        return blocks()
    if path == "/first":
        def blocks():
            raise ValueError("at the first block")
            yield b""
        start_response("200 OK", [("Content-Type", "text/plain")])
        return blocks()
    if path == "/exit":
        raise SystemExit(3)
    if path == "/odd":
        class Odd:
            def __repr__(self):
                raise OSError
        odd, long = Odd(), list(range(100000))
        def deep(n):
            return deep(n + 1)
        deep(0)
    if path == "/204":
        start_response("204 No Content", [("Content-Type", "text/html")])
        return []
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"well"]
`

func TestPageOfARequest(t *testing.T) {
	t.Parallel()
	p := start(t, files{"app.py": failing})
	page := p.Get(t, "/chained?q=1&amp=2", html, "Cookie: id=t0psecret", "Authorization: Basic t0psecret", "X-Shown: yes")
	page.WantStatus(t, 500)
	contains(t, page.Body, "RuntimeError", "&lt;b&gt;outer&lt;/b&gt;", "raised from this one", "KeyError", "app.py", "total", "42",
		"sum(config[&quot;sizes&quot;])", "GET /chained", "q=1", "X-Shown", "yes", "PATH_INFO")
	for _, line := range strings.Split(page.Body, "\n") {
		// The source shows what is written in it; the variables do not.
		if strings.Contains(line, "t0psecret") && !strings.Contains(line, `inner(&quot;t0psecret`) {
			t.Errorf("a secret is shown: %.500s", line)
		}
	}
	if n := strings.Count(page.Body, "t0psecret"); n != strings.Count(page.Body, `inner(&quot;t0psecret&quot;, {&quot;sizes&quot;: [20, 22], &quot;db_password&quot;: &quot;t0psecret`)*2 {
		t.Errorf("%d secrets are shown", n)
	}
	told := p.Get(t, "/chained")
	contains(t, told.Body, "Traceback", "KeyError: 'inner'", "direct cause", "RuntimeError: <b>outer</b>")
	p.Wait(t, func(e harness.Entry) bool { return e.Has("the application failed") && e.Has("RuntimeError") })
	for path, shown := range map[string]string{
		"/first": "at the first block", "/exit": "SystemExit", "/odd": "RecursionError", "/text": "PEP 3333", "/twice": "PEP 3333",
	} {
		page := p.Get(t, path, html)
		page.WantStatus(t, 500)
		contains(t, page.Body, shown)
		if len(page.Body) > 1<<20 {
			t.Errorf("%s: %d bytes", path, len(page.Body))
		}
	}
	contains(t, p.Get(t, "/odd", html).Body, "&lt;Odd instance at", "frames more")
	contains(t, p.Get(t, "/text", html).Body, "made of bytes objects, and nothing else", "encode")
	if late := p.Get(t, "/late", html); late.Complete || late.Status != 200 {
		t.Errorf("a response that had begun: %s %q", late.Line, late.Body)
	}
	p.Get(t, "/204").WantStatus(t, 204)
	p.Get(t, "/").Want(t, 200, "well")
	head := p.Dial(t).Send(harness.Request("HEAD", "/chained", html)).Response("HEAD")
	head.WantStatus(t, 500)
}

// --no-validate has the application's mistakes be the server's to bear.
func TestNoValidate(t *testing.T) {
	t.Parallel()
	app := "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'untyped']\n"
	validated := start(t, files{"app.py": app})
	contains(t, validated.Get(t, "/", html).Body, "No Content-Type header found", "PEP 3333")
	start(t, files{"app.py": app}, "--no-validate").Get(t, "/").Want(t, 200, "untyped")
}

// A page is told when other code serves: at once if it does already.
func TestEvents(t *testing.T) {
	t.Parallel()
	p := start(t, files{"app.py": plain, "text.py": "("})
	page := p.Get(t, "/", html).Body
	_, rest, _ := strings.Cut(page, "/.highball/dev-events?code=")
	code, _, _ := strings.Cut(rest, `"`)
	events := func() (told chan string) {
		told = make(chan string, 1)
		client := &http.Client{}
		res, err := client.Get(p.URL("/.highball/dev-events?code=" + code))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("events come as %q", got)
		}
		go func() {
			b, all := make([]byte, 1000), ""
			for !strings.Contains(all, "event: reload") {
				n, err := res.Body.Read(b)
				if err != nil {
					break
				}
				all += string(b[:n])
			}
			told <- all
		}()
		return told
	}
	waiting := events()
	p.after(func() { p.save("text.py", text(1)) })
	for _, told := range []chan string{waiting, events()} {
		if got := <-told; !strings.Contains(got, "event: reload") {
			t.Errorf("told %q", got)
		}
	}
}

// The debugger runs what a browser sends: only where no other machine reaches it.
func TestDebuggerOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	python := venv(t, "flask")
	app := "import flask\napp = flask.Flask(__name__)\n@app.route('/')\ndef index():\n    here = flask.request.path\n    raise KeyError('thrown')\n"
	const pinTold = "the debugger's console asks for its PIN"
	for name, c := range map[string]struct {
		args     []string
		binds    []string
		env      []string
		debugger bool
		shown    string
	}{
		"loopback":        {debugger: true, shown: "Werkzeug Debugger"},
		"reachable":       {binds: []string{"0.0.0.0:0"}, shown: "highball dev"},
		"unwanted":        {args: []string{"--no-debugger"}, shown: "highball dev"},
		"two workers":     {args: []string{"--workers", "2"}, shown: "highball dev"},
		"no debug":        {env: []string{"FLASK_DEBUG=0"}, debugger: true, shown: "Internal Server Error"},
		"a unix socket":   {binds: []string{"unix:" + t.TempDir() + "/s"}, shown: "highball dev"},
		"IPv6's loopback": {binds: []string{"[::1]:0"}, debugger: true, shown: "Werkzeug Debugger"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := write(t, files{"app.py": app})
			p.serve(harness.Options{Python: python, Binds: c.binds, Env: c.env}, c.args...)
			page := p.browse(t, "/", "")
			contains(t, page.body, c.shown)
			if told := p.Count(pinTold) == 1; told != c.debugger {
				t.Errorf("the PIN was told: %v", told)
			}
			if c.binds != nil && !c.debugger && p.Count("no debugger") != 1 {
				t.Error("the log does not say why there is no debugger")
			}
			contains(t, p.Get(t, "/").Body, map[bool]string{true: "KeyError: 'thrown'", false: "Internal Server Error"}[name != "no debug"])
			if c.debugger && c.shown == "Werkzeug Debugger" {
				contains(t, p.browse(t, "/?__debugger__=yes&cmd=resource&f=debugger.js", "").body, "function")
				console(t, p, page.body)
			}
		})
	}
}

// console evaluates in the frame of the view, as the page's script does: with the PIN,
// and in Flask's context.
func console(t *testing.T, p *project, page string) {
	t.Helper()
	between := func(text, before, after string) string {
		_, rest, _ := strings.Cut(text, before)
		found, _, _ := strings.Cut(rest, after)
		return found
	}
	secret := between(page, `SECRET = "`, `"`)
	var pin string
	for _, e := range p.Find(func(e harness.Entry) bool { return e.Text("pin") != "" }) {
		pin = e.Text("pin")
	}
	auth := p.browse(t, "/?__debugger__=yes&cmd=pinauth&pin="+pin+"&s="+secret, "")
	contains(t, auth.body, `"auth": true`)
	frames := strings.Split(page, `<div class="frame" id="frame-`)
	frame, _, _ := strings.Cut(frames[len(frames)-1], `"`)
	answer := p.browse(t, fmt.Sprintf("/?__debugger__=yes&cmd=here%%2Bflask.request.method&frm=%s&s=%s", frame, secret), auth.cookie)
	contains(t, answer.body, "/GET")
}

// answer is what a browser gets.
type answer struct{ body, cookie string }

// browse asks as a browser does, by the address that it has: Werkzeug looks at the host.
func (p *project) browse(t *testing.T, path, cookie string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", cookie)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	cookie, _, _ = strings.Cut(res.Header.Get("Set-Cookie"), ";")
	return answer{string(body), cookie}
}
