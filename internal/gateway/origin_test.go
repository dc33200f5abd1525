package gateway

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"highball/internal/origin"
)

// What the server's own side says of a request has the last word, over its
// connection and over the client's fields.
func TestOrigin(t *testing.T) {
	r := get("/a")
	r.Header.Set("X-Tls", "client's")
	r = r.WithContext(origin.With(r.Context(), &origin.Origin{
		Scheme: "https", Prefix: "/caf\xc3\xa9", ServerName: "example.test",
		Variables: []origin.Variable{{Name: "HTTP_X_TLS", Value: "ours"}},
	}))
	got := environOf(t, r, func(o *Options) { o.ScriptName = "" })
	for name, want := range map[string]string{
		"wsgi.url_scheme": "https", "HTTPS": "on", "SCRIPT_NAME": "/caf\xc3\xa9", "PATH_INFO": "/a",
		"SERVER_NAME": "example.test", "SERVER_PORT": "443", "HTTP_X_TLS": "ours",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

// The scheme is what the client used, even where our own connection has TLS.
func TestOriginWithoutTLS(t *testing.T) {
	r := get("https://example.test/")
	if r.TLS == nil {
		t.Fatal("the request should have TLS")
	}
	got := environOf(t, r.WithContext(origin.With(r.Context(), &origin.Origin{Scheme: "http"})))
	if got["wsgi.url_scheme"] != "http" || got["HTTPS"] != "" {
		t.Errorf("got %q, HTTPS %q", got["wsgi.url_scheme"], got["HTTPS"])
	}
}

// A proxy may tell the client's address and not its port, and its own port but no name.
func TestOriginByParts(t *testing.T) {
	for remote, want := range map[string][2]string{
		"192.0.2.1:80": {"192.0.2.1", "80"}, "[2001:db8::1]:80": {"2001:db8::1", "80"},
		"192.0.2.1": {"192.0.2.1", ""}, "2001:db8::1": {"2001:db8::1", ""}, "::1": {"::1", ""},
		"": {}, "@": {}, "/run/a": {}, "/run/a.sock": {}, "a:b:c": {}, "[::1]": {}, "[::1": {},
	} {
		r := get("/")
		if r.RemoteAddr = remote; strings.Contains(remote, "192") { // on TCP, where the name is the connection's
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 5), Port: 8000}))
		}
		got := environOf(t, r.WithContext(origin.With(r.Context(), &origin.Origin{ServerPort: "8443"})))
		if got["REMOTE_ADDR"] != want[0] || got["REMOTE_PORT"] != want[1] || got["SERVER_PORT"] != "8443" || got["SERVER_NAME"] == "" {
			t.Errorf("%q: %q %q, server %q %q", remote, got["REMOTE_ADDR"], got["REMOTE_PORT"], got["SERVER_NAME"], got["SERVER_PORT"])
		}
	}
}

// What a proxy's packet says of SCRIPT_NAME, and the prefix that the server knows of, are
// the same or one behind the other; neither is there twice.
func TestPrefixesOfAPacketAndOurs(t *testing.T) {
	for _, tt := range []struct{ ours, uri, script, path, wantScript, wantPath string }{
		{"", "/app/x", "/app", "/x", "/app", "/x"},
		{"", "/app/x", "/app", "/app/x", "/app", "/app/x"}, // as uWSGI has it
		{"/app", "/app/x", "", "/app/x", "/app", "/x"},
		{"/app", "/app/x", "/app", "/x", "/app", "/x"},
		{"/app", "/app/x", "/app", "/app/x", "/app", "/x"},
		{"/app", "/app/app/x", "/app", "/app/x", "/app", "/app/x"},
		{"/app", "/app/app/x", "/app", "/app/app/x", "/app", "/app/x"},
		{"/app", "/app%2Fx", "/app", "/x", "/app", "/x"},
		{"/app", "/app", "/app", "", "/app", ""},
		{"/app", "/app/in/x", "/app/in", "/x", "/app/in", "/x"},
		{"/app/in", "/app/in/x", "/app", "/in/x", "/app/in", "/x"},
		{"/app", "/outer/app/x", "/outer", "/app/x", "/outer/app", "/x"},
		{"/app", "/outer/app/x", "/outer", "/outer/app/x", "/outer/app", "/x"},
		{"/app", "/apple/x", "/apple", "/x", "404", ""},
		{"/app", "/x", "", "/x", "404", ""},
		{"/app", "/apple", "", "/apple", "404", ""},
		{"/app", "/outer/x", "/outer", "/x", "404", ""},
	} {
		g := &Gateway{opts: Options{ScriptName: tt.ours}}
		r := get("/")
		r.RequestURI, r.URL.Path = tt.uri, tt.path
		o := &origin.Origin{Prefix: tt.script, Path: &tt.path}
		got, err := g.parseTarget(r.WithContext(origin.With(r.Context(), o)))
		if tt.wantScript == "404" {
			if err == nil {
				t.Errorf("%+v: got %+v", tt, got)
			}
		} else if err != nil || o.Prefix+got.scriptName != tt.wantScript || got.pathInfo != tt.wantPath {
			t.Errorf("%+v: got %q and %q, %v", tt, o.Prefix+got.scriptName, got.pathInfo, err)
		}
	}
}
