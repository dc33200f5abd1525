package gateway

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"highball/internal/wire"
)

// environOf serves r and returns what the worker got.
func environOf(t *testing.T, r *http.Request, opts ...func(*Options)) map[string]string {
	t.Helper()
	environ := make(chan map[string]string, 1)
	g := newRig(func(w *fakeWorker) {
		environ <- w.environ()
		w.respond(wire.FlagEnd|wire.FlagFree, "200 OK", "")
	})
	for _, opt := range opts {
		opt(&g.opts)
	}
	if w, aborted := g.do(r); w.Code != 200 || aborted {
		t.Fatalf("%s: status %d, aborted %v", r.RequestURI, w.Code, aborted)
	}
	g.checkFreed(t)
	return <-environ
}

// localAddr gives the request the server's end of its connection.
func localAddr(r *http.Request, addr net.Addr) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
}

// Every key, and no other: what the front sends is what PEP 3333 and its rules name.
func TestEnvironIsComplete(t *testing.T) {
	r := httptest.NewRequest("POST", "/caf%C3%A9/%2f?q=%20a&b", strings.NewReader("body"))
	r.Host = "example.org:8080"
	r.RemoteAddr = "203.0.113.7:51234"
	r.Header = http.Header{
		"Content-Type": {"text/plain"}, "Content-Length": {"4"},
		"Accept": {"a", "b"}, "Cookie": {"a=1", "b=2"}, "X-Latin": {"caf\xe9"},
		"Under_score": {"dropped"}, "Proxy": {"http://evil"}, "Empty": {""}, "No-Values": {},
	}
	r = localAddr(r, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8080})
	got := environOf(t, r)
	id := got["highball.request_id"]
	want := map[string]string{
		"REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/caf\xc3\xa9//",
		"QUERY_STRING": "q=%20a&b", "REQUEST_URI": "/caf%C3%A9/%2f?q=%20a&b",
		"RAW_URI": "/caf%C3%A9/%2f?q=%20a&b", "SERVER_PROTOCOL": "HTTP/1.1",
		"SERVER_NAME": "192.0.2.1", "SERVER_PORT": "8080",
		"REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": "51234",
		"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "4",
		"HTTP_HOST": "example.org:8080", "HTTP_ACCEPT": "a,b", "HTTP_COOKIE": "a=1; b=2",
		"HTTP_X_LATIN": "caf\xe9", "HTTP_EMPTY": "",
		"wsgi.url_scheme": "http", "highball.request_id": id, "highball.queue_time": "0",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if id == "" {
		t.Error("no request id")
	}
}

func TestEnvironOverTLS(t *testing.T) {
	r := get("/")
	r.TLS = &tls.ConnectionState{}
	got := environOf(t, r)
	for key, want := range map[string]string{"wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_PORT": "443"} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}

// A client on a Unix socket has no address; an IPv6 server has brackets (RFC 3875 4.1.14).
func TestEnvironAddresses(t *testing.T) {
	r := get("/")
	r.RemoteAddr = "@"
	got := environOf(t, localAddr(r, &net.UnixAddr{Name: "/run/app.sock", Net: "unix"}))
	if _, ok := got["REMOTE_ADDR"]; ok || got["SERVER_NAME"] != "localhost" || got["SERVER_PORT"] != "80" {
		t.Errorf("on a Unix socket: %q", got)
	}
	r = get("/")
	r.RemoteAddr = "[2001:db8::7]:1234"
	got = environOf(t, localAddr(r, &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 80}))
	if got["REMOTE_ADDR"] != "2001:db8::7" || got["SERVER_NAME"] != "[2001:db8::1]" {
		t.Errorf("on IPv6: %q", got)
	}
}

// What net/http takes out of the fields is put back where the body streams. One that
// has come whole is no longer chunked, and has a length (RFC 9112 7.1.3).
func TestEnvironOfChunkedBody(t *testing.T) {
	for _, streams := range []bool{true, false} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
		r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
		r.Trailer = http.Header{"X-Sum": nil, "X-Last": nil, "X-A": nil}
		r.Header.Set("Content-Length", "99") // not the length of a chunked body
		got := environOf(t, r, func(o *Options) {
			if streams {
				o.Bodies.Stream = everywhere
			}
		})
		coding, chunked := got["HTTP_TRANSFER_ENCODING"]
		if chunked != streams || chunked && coding != "chunked" || got["HTTP_TRAILER"] != "X-A, X-Last, X-Sum" {
			t.Errorf("streams %v: got %q", streams, got)
		}
		if length, ok := got["CONTENT_LENGTH"]; ok == streams || ok && length != "1" {
			t.Errorf("streams %v: CONTENT_LENGTH is %q", streams, length)
		}
	}
}

// A Go handler may make or change a request: the length counts, not the field.
func TestEnvironLengthWithoutField(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("four"))
	r.Header.Del("Content-Length")
	if got := environOf(t, r)["CONTENT_LENGTH"]; got != "4" {
		t.Errorf("CONTENT_LENGTH is %q", got)
	}
	r = get("/")
	if got, ok := environOf(t, r)["CONTENT_LENGTH"]; ok {
		t.Errorf("CONTENT_LENGTH of a request without a body is %q", got)
	}
	r.Header.Set("Content-Length", "0")
	if got := environOf(t, r)["CONTENT_LENGTH"]; got != "0" {
		t.Errorf("CONTENT_LENGTH given as 0 is %q", got)
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	ids := newRequestIDs()
	if a, b := string(ids.appendNext(nil)), string(ids.appendNext(nil)); a == b || !strings.HasPrefix(b, ids.prefix) {
		t.Errorf("%q, %q", a, b)
	}
	if newRequestIDs().prefix == ids.prefix {
		t.Error("two processes would give the same ids")
	}
}

func TestLongHeaderNames(t *testing.T) {
	r := get("/")
	name := "X-" + strings.Repeat("Long-", 30) + "Name"
	r.Header.Set(name, "v")
	key := "HTTP_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	if got := environOf(t, r)[key]; got != "v" {
		t.Errorf("%s is %q", key, got)
	}
}
