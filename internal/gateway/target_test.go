package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"highball/internal/wire"
)

// request makes what net/http would read from the request line "GET raw HTTP/1.1".
func request(t *testing.T, raw string) *http.Request {
	t.Helper()
	return httptest.NewRequest("GET", raw, nil)
}

func TestTargets(t *testing.T) {
	for _, c := range []struct{ raw, path, query string }{
		{"/", "/", ""},
		{"/a/b", "/a/b", ""},
		{"/a?", "/a", ""},
		{"/a?x=1?y=2", "/a", "x=1?y=2"},
		{"/a?%zz", "/a", "%zz"},
		{"//a//b/", "//a//b/", ""},
		{"/a/../b/./c", "/a/../b/./c", ""},
		{"/%2e%2e/%2F", "/..//", ""},
		{"/caf%C3%A9", "/caf\xc3\xa9", ""},
		{"/caf%e9", "/caf\xe9", ""},
		{"/%2541", "/%41", ""},
		{"/a%00b", "/a\x00b", ""},
		{"/a+b", "/a+b", ""},
		{"/a;p=1", "/a;p=1", ""},
		{"/a#b", "/a#b", ""},
		{"http://example.org/x%20y?q", "/x y", "q"},
		{"http://example.org", "/", ""},
		{"http://example.org?q", "/", "q"},
	} {
		got := environOf(t, request(t, c.raw))
		if got["PATH_INFO"] != c.path || got["QUERY_STRING"] != c.query || got["SCRIPT_NAME"] != "" {
			t.Errorf("%s: PATH_INFO %q, QUERY_STRING %q, SCRIPT_NAME %q",
				c.raw, got["PATH_INFO"], got["QUERY_STRING"], got["SCRIPT_NAME"])
		}
		if got["REQUEST_URI"] != c.raw || got["RAW_URI"] != c.raw {
			t.Errorf("%s: REQUEST_URI %q, RAW_URI %q", c.raw, got["REQUEST_URI"], got["RAW_URI"])
		}
	}
}

// OPTIONS for the whole server is answered without a worker (RFC 9110 9.3.7).
func TestOptionsForTheWholeServer(t *testing.T) {
	for _, raw := range []string{"*", "http://example.org"} {
		r := get("/")
		r.Method, r.RequestURI = "OPTIONS", raw
		g := newRig()
		w, aborted := g.do(r)
		if w.Code != 200 || w.Header().Get("Content-Length") != "0" || aborted || g.done[0].Status != 200 {
			t.Errorf("%s: status %d, %v, aborted %v", raw, w.Code, w.Header(), aborted)
		}
	}
}

// What has no path gets 400, and no worker is asked.
func TestTargetsWithoutPath(t *testing.T) {
	for _, raw := range []string{"*", "example.org:443", "a/b"} {
		r := get("/")
		r.RequestURI = raw
		g := newRig()
		w, _ := g.do(r)
		if w.Code != 400 || w.Header().Get("Connection") != "close" {
			t.Errorf("%s: status %d, %v", raw, w.Code, w.Header())
		}
	}
}

// What is no percent-encoding stays as it is.
func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "%": "%", "%4": "%4", "%4g": "%4g", "%%41": "%A", "a%41": "aA", "%aF%Ff": "\xaf\xff", "%C3": "\xc3",
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestScriptName(t *testing.T) {
	prefix := func(o *Options) { o.ScriptName = "/shop" }
	for raw, want := range map[string][2]string{
		"/shop":      {"/shop", ""},
		"/shop/":     {"/shop", "/"},
		"/shop//x":   {"/shop", "//x"},
		"/sh%6fp/a":  {"/shop", "/a"},
		"/shop%2Fa":  {"/shop", "/a"},
		"/shop?q=/x": {"/shop", ""},
	} {
		got := environOf(t, request(t, raw), prefix)
		if got["SCRIPT_NAME"] != want[0] || got["PATH_INFO"] != want[1] {
			t.Errorf("%s: %q + %q", raw, got["SCRIPT_NAME"], got["PATH_INFO"])
		}
	}
	for _, raw := range []string{"/", "/shopping", "/Shop", "/a/shop"} {
		g := newRig()
		prefix(&g.opts)
		if w, _ := g.do(request(t, raw)); w.Code != 404 {
			t.Errorf("%s: status %d, want 404", raw, w.Code)
		}
	}
}

// A Mount's prefix comes by the context and wins over the configured one.
func TestMountPrefix(t *testing.T) {
	for prefix, want := range map[string][2]string{"/a": {"/a", "/b"}, "": {"", "/a/b"}} {
		r := request(t, "/a/b")
		r = r.WithContext(WithPrefix(r.Context(), prefix))
		got := environOf(t, r, func(o *Options) { o.ScriptName = "/elsewhere" })
		if got["SCRIPT_NAME"] != want[0] || got["PATH_INFO"] != want[1] {
			t.Errorf("%q: %q + %q", prefix, got["SCRIPT_NAME"], got["PATH_INFO"])
		}
	}
}

// What http.StripPrefix takes off becomes SCRIPT_NAME, and nothing is lost.
func TestStripPrefix(t *testing.T) {
	for _, c := range []struct{ strip, raw, script, path string }{
		{"/app", "/app/x%2Fy", "/app", "/x/y"},
		{"/app", "/app/", "/app", "/"},
		{"/app", "/app", "/app", ""},
		{"/app/", "/app/x", "/app", "/x"},
		{"/app/", "/app/", "/app", "/"},
		{"", "/x", "", "/x"},
	} {
		environ := make(chan map[string]string, 1)
		g := newRig(func(w *fakeWorker) {
			environ <- w.environ()
			w.respond(wire.FlagEnd|wire.FlagFree, "200 OK", "")
		})
		http.StripPrefix(c.strip, g).ServeHTTP(httptest.NewRecorder(), request(t, c.raw))
		if got := <-environ; got["SCRIPT_NAME"] != c.script || got["PATH_INFO"] != c.path || got["REQUEST_URI"] != c.raw {
			t.Errorf("%s without %s: %q + %q", c.raw, c.strip, got["SCRIPT_NAME"], got["PATH_INFO"])
		}
	}
}

// A handler before this one may rewrite path and query.
func TestRewritten(t *testing.T) {
	r := request(t, "/old?a=1")
	r.URL.Path, r.URL.RawQuery = "/new", "b=2"
	got := environOf(t, r)
	if got["PATH_INFO"] != "/new" || got["QUERY_STRING"] != "b=2" || got["REQUEST_URI"] != "/old?a=1" {
		t.Errorf("got %q", got)
	}
}

// A request that was made by hand has no RequestURI.
func TestRequestByHand(t *testing.T) {
	r, err := http.NewRequest("GET", "http://example.org/a%20b?c", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := environOf(t, r)
	if got["PATH_INFO"] != "/a b" || got["QUERY_STRING"] != "c" || got["REQUEST_URI"] != "/a%20b?c" {
		t.Errorf("got %q", got)
	}
}

func TestDecodedPath(t *testing.T) {
	for raw, want := range map[string]string{"/a%20b?x": "/a b", "http://h/%41": "/A", "*": "*"} {
		r := get("/")
		r.RequestURI = raw
		if got, whole := DecodedPath(r); got != want || whole != want {
			t.Errorf("%s: %q of %q, want %q", raw, got, whole, want)
		}
	}
}
