package e2e

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"highball"
	"highball/e2e/harness"
)

// library returns a Server for one of the applications, in this process.
func library(t *testing.T, p harness.Python, app string, change ...func(*highball.Config)) *highball.Server {
	t.Helper()
	cfg := highball.Config{
		App: filepath.Join(harness.Apps(), app, "wsgi.py"), Dir: harness.Apps(), PythonPath: []string{harness.Apps()},
		Python: p.Path, Env: map[string]string{"PYTHONDONTWRITEBYTECODE": "1"}, Workers: 1,
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := highball.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

// tlsServer serves an application over the TLS of somebody else.
func tlsServer(t *testing.T, p harness.Python, app string) (address string, dial func() *harness.Conn) {
	t.Helper()
	server := httptest.NewTLSServer(library(t, p, app))
	t.Cleanup(server.Close)
	address = server.Listener.Addr().String()
	return address, func() *harness.Conn {
		c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		return harness.Wrap(t, c)
	}
}

func TestSchemeWithTLS(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		address, dial := tlsServer(t, p, "environ")
		var e environ
		dial().Send(harness.Request("GET", "/")).Response("GET").JSON(t, &e)
		_, port, _ := net.SplitHostPort(address)
		want(t, "wsgi.url_scheme", e.Values["wsgi.url_scheme"], "https")
		want(t, "HTTPS", e.Values["HTTPS"], "on")
		want(t, "SERVER_PORT", e.Values["SERVER_PORT"], port)
	})
}

func TestURLWithTLS(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		address, dial := tlsServer(t, p, "url")
		c := dial()
		c.Send(harness.Request("GET", "/a?b")).Response("GET").Want(t, 200, "https://test.example/a?b")
		c.Send("GET /a HTTP/1.0\r\n\r\n").Response("GET").Want(t, 200, "https://"+address+"/a")
	})
}

// On the default ports of both schemes the URL has none.
func TestURLOnDefaultPorts(t *testing.T) {
	p := harness.Newest(t)
	t.Parallel()
	s := library(t, p, "url")
	for port, r := range map[int]*http.Request{
		80:  httptest.NewRequest("GET", "http://ignored.example/x?y", nil),
		443: httptest.NewRequest("GET", "https://ignored.example/x?y", nil),
	} {
		r.Host = ""
		local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		scheme := map[int]string{80: "http", 443: "https"}[port]
		want(t, "URL", w.Body.String(), scheme+"://192.0.2.1/x?y")
	}
}

func TestMountedBesideGoHandlers(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		app := library(t, p, "environ")
		server := httptest.NewServer(highball.Mount{
			"/": http.NotFoundHandler(), "/m": app, "/m/deep": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("go"))
			}),
		})
		defer server.Close()
		address := strings.TrimPrefix(server.URL, "http://")
		for target, split := range map[string][2]string{
			"/m": {"/m", ""}, "/m/": {"/m", "/"}, "/m//a/../b": {"/m", "//a/../b"}, "/m/x%2Fy": {"/m", "/x/y"},
		} {
			var e environ
			harness.Dial(t, "tcp", address).Send(harness.Request("GET", target)).Response("GET").JSON(t, &e)
			want(t, "split of "+target, [2]string{e.Values["SCRIPT_NAME"], e.Values["PATH_INFO"]}, split)
		}
		harness.Dial(t, "tcp", address).Send(harness.Request("GET", "/m/deep/x")).Response("GET").Want(t, 200, "go")
		harness.Dial(t, "tcp", address).Send(harness.Request("GET", "/mm")).Response("GET").WantStatus(t, 404)
	})
}
