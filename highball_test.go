package highball_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball"
)

// patience bounds each wait of these tests; only one that fails reaches it.
const patience = 30 * time.Second

// get sends one request through a handler, without a socket.
func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

// site returns a server for testdata/tell.py, which is closed with the test.
func site(t *testing.T, change func(*highball.Config)) *highball.Server {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on PATH")
	}
	cfg := highball.Config{
		App: "tell.py", Dir: "testdata", Python: python, Workers: 1, Threads: 2,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	srv, err := highball.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	return srv
}

// facts are the lines NAME=VALUE that testdata/tell.py answers.
func facts(t *testing.T, body string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for line := range strings.Lines(body) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			t.Fatalf("the application answered %q", body)
		}
		found[name] = value
	}
	return found
}

func ask(t *testing.T, h http.Handler, path string) map[string]string {
	t.Helper()
	w := get(h, path)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return facts(t, w.Body.String())
}

func TestServeHTTPStartsLazily(t *testing.T) {
	srv := site(t, nil)
	if got := ask(t, srv, "/a/b")["PATH_INFO"]; got != "/a/b" {
		t.Errorf("PATH_INFO %q", got)
	}
}

func TestTwoServersInOneProcess(t *testing.T) {
	named := func(name string) *highball.Server {
		return site(t, func(cfg *highball.Config) { cfg.Environ = map[string]string{"site.name": name} })
	}
	one, two := named("one"), named("two")
	first, second := ask(t, one, "/"), ask(t, two, "/")
	if first["site.name"] != "one" || second["site.name"] != "two" || first["pid"] == second["pid"] {
		t.Errorf("the servers are not apart: %v, %v", first, second)
	}
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, two, "/"); got["pid"] != second["pid"] {
		t.Errorf("the end of one server touched the other: %v", got)
	}
}

func TestMountedUnderAPrefix(t *testing.T) {
	srv := site(t, nil)
	mount := highball.Mount{
		"/shop/": srv,
		"/":      http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "go") }),
	}
	for _, test := range []struct{ path, script, info string }{
		{"/shop", "/shop", ""},
		{"/shop/", "/shop", "/"},
		{"/shop//cart/../x", "/shop", "//cart/../x"},
		{"/shop/%73hop", "/shop", "/shop"},
	} {
		got := ask(t, mount, test.path)
		if got["SCRIPT_NAME"] != test.script || got["PATH_INFO"] != test.info {
			t.Errorf("%s: SCRIPT_NAME %q, PATH_INFO %q", test.path, got["SCRIPT_NAME"], got["PATH_INFO"])
		}
	}
	if w := get(mount, "/shopping"); w.Body.String() != "go" {
		t.Errorf("/shopping went to the shop: %s", w.Body)
	}
	if w := get(highball.Mount{"/shop": srv}, "/other"); w.Code != http.StatusNotFound {
		t.Errorf("/other: %d, want 404", w.Code)
	}
}

func TestScriptName(t *testing.T) {
	srv := site(t, func(cfg *highball.Config) { cfg.ScriptName = "/shop/" })
	if got := ask(t, srv, "/shop/cart"); got["SCRIPT_NAME"] != "/shop" || got["PATH_INFO"] != "/cart" {
		t.Errorf("%v", got)
	}
	if w := get(srv, "/elsewhere"); w.Code != http.StatusNotFound {
		t.Errorf("outside of the prefix: %d, want 404", w.Code)
	}
}

func TestStripPrefixIsScriptName(t *testing.T) {
	srv := site(t, nil)
	if got := ask(t, http.StripPrefix("/shop", srv), "/shop/cart"); got["SCRIPT_NAME"] != "/shop" || got["PATH_INFO"] != "/cart" {
		t.Errorf("%v", got)
	}
}

func TestRunUntilTheContextEnds(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "site.sock")
	srv := site(t, func(cfg *highball.Config) { cfg.Bind = []string{"unix:" + socket} })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, socket) },
	}}
	response, err := client.Get("http://site.example/x")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	pid, _ := strconv.Atoi(facts(t, string(body))["pid"])
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
	awaitGone(t, pid)
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's file is left over: %v", err)
	}
}

// awaitGone waits until there is no such process, not even one that is dead and
// not yet waited for.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH); {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is left over", pid)
		}
	}
}

// dial connects to a socket that may not be there yet.
func dial(ctx context.Context, socket string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err == nil || ctx.Err() != nil {
			return c, err
		}
	}
}

func TestShutdownEndsRun(t *testing.T) {
	srv := site(t, func(cfg *highball.Config) { cfg.Bind = []string{"127.0.0.1:0"} })
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(context.WithoutCancel(t.Context())) }()
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown returned %v", err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
	if w := get(srv, "/"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("after Shutdown: %d, want 503", w.Code)
	}
}

func TestStartAfterShutdown(t *testing.T) {
	srv := site(t, nil)
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); !errors.Is(err, highball.ErrClosed) {
		t.Errorf("Start returned %v, want ErrClosed", err)
	}
}

func TestLoadError(t *testing.T) {
	srv := site(t, func(cfg *highball.Config) { cfg.App = "tell.py:aplication" })
	err := srv.Start(t.Context())
	var load *highball.LoadError
	if !errors.As(err, &load) || load.ExitCode() != 3 {
		t.Fatalf("Start returned %v, want a LoadError with exit code 3", err)
	}
	if !strings.Contains(err.Error(), "application") {
		t.Errorf("the error does not say what was probably meant: %v", err)
	}
	if w := get(srv, "/"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d, want 503", w.Code)
	}
}

func TestApplicationThatFails(t *testing.T) {
	srv := site(t, func(cfg *highball.Config) { cfg.App = "tell.py:broken" })
	w := get(srv, "/")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "RuntimeError") {
		t.Errorf("%d %q, want 500 without the traceback", w.Code, w.Body)
	}
}

func TestConfigMistakes(t *testing.T) {
	for want, cfg := range map[string]highball.Config{
		"no such directory":          {Dir: "testdata/none"},
		"is not between 1 and":       {Workers: -1},
		"workers: 99999999 is not":   {Workers: 99999999},
		"not between 1 and":          {Threads: 5000},
		"\"shop\" is neither a path": {WarmUp: []string{"/", "shop"}},
		"nor http://HOST/PATH":       {WarmUp: []string{"https://example.org/"}},
		"did you mean":               {ScriptName: "shop"},
		"the server's or the clie":   {Environ: map[string]string{"wsgi.input": "x"}},
		"beyond latin-1":             {Environ: map[string]string{"name": "日本"}},
	} {
		if _, err := highball.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v): %v, want %q", cfg, err, want)
		}
	}
}
