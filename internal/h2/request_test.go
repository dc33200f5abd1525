package h2

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"highball/internal/h1"
)

func TestRequest(t *testing.T) {
	requests := make(chan *http.Request, 1)
	c := connect(t, serving(t, func(_ http.ResponseWriter, r *http.Request) { requests <- r }))
	c.ask(1, true, []string{":method", "GET", ":scheme", "http", ":authority", "example.test:81", ":path", "/a%20b?c=d"},
		"x-one", "1", "cookie", "a=b", "x-one", "2", "cookie", "c=d", "te", "trailers", "host", "example.test:81")
	r := wait(t, "the request", requests)
	got := fmt.Sprint(r.Method, r.Proto, r.ProtoMajor, r.ProtoMinor, r.Host, r.RequestURI, r.URL.Path, r.URL.RawQuery,
		r.Header, r.ContentLength, r.Body == http.NoBody, r.TLS == nil, r.RemoteAddr == c.net.LocalAddr().String())
	want := "GETHTTP/2.020example.test:81/a%20b?c=d/a bc=dmap[Cookie:[a=b; c=d] Te:[trailers] X-One:[1 2]]0truetruetrue"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); !ok || local.String() != c.net.RemoteAddr().String() {
		t.Errorf("the local address is %v", local)
	}
}

// with replaces a field of a GET, or adds it, or leaves it out.
func with(name string, values ...string) (fields []string) {
	found := false
	for i := 0; i < len(get); i += 2 {
		if get[i] != name {
			fields = append(fields, get[i], get[i+1])
			continue
		}
		found = true
		for _, value := range values {
			fields = append(fields, name, value)
		}
	}
	for _, value := range values {
		if !found {
			fields = append(fields, name, value)
		}
	}
	return fields
}

// What is no request of HTTP/2 resets its stream, and nothing else (RFC 9113 8.1.1).
func TestMalformedRequests(t *testing.T) {
	refused := make(chan *h1.Refusal, 100)
	s := serving(t, hello)
	s.Refused = func(_ net.Conn, r *h1.Refusal) { refused <- r }
	c := connect(t, s)
	stream := uint32(1)
	for name, fields := range map[string][]string{
		"upper case":          with("X-One", "1"),
		"an empty name":       with("", "1"),
		"no token":            with("x one", "1"),
		"a line break":        with("x-one", "1\r\nx-two: 2"),
		"NUL":                 with("x-one", "a\x00b"),
		"a space before":      with("x-one", " 1"),
		"a tab behind":        with("x-one", "1\t"),
		"connection":          with("connection", "close"),
		"keep-alive":          with("keep-alive", "timeout=5"),
		"proxy-connection":    with("proxy-connection", "close"),
		"transfer-encoding":   with("transfer-encoding", "chunked"),
		"upgrade":             with("upgrade", "h2c"),
		"te":                  with("te", "trailers, gzip"),
		"no method":           with(":method"),
		"two methods":         with(":method", "GET", "POST"),
		"a method of two":     with(":method", "GET /"),
		"no path":             with(":path"),
		"an empty path":       with(":path", ""),
		"no slash":            with(":path", "a"),
		"an absolute path":    with(":path", "http://example.test/"),
		"a space in the path": with(":path", "/a HTTP/1.1"),
		"a tab in the path":   with(":path", "/a\tb"),
		"no scheme":           with(":scheme"),
		"two authorities":     with(":authority", "a.test", "a.test"),
		"an unknown one":      with(":protocol", "websocket"),
		"of a response":       with(":status", "200"),
		"late":                append([]string{"x-one", "1"}, get...),
		"another host":        with("host", "other.test"),
		"two hosts":           append(with("host", "example.test"), "host", "example.test"),
		"two lengths":         append(with("content-length", "0"), "content-length", "0"),
		"no number":           with("content-length", "+5"),
		"a length, no body":   with("content-length", "5"),
		"connect with a path": with(":method", "CONNECT"),
	} {
		c.ask(stream, true, fields)
		f := c.await(name, func(f frame) bool { return f.StreamID == stream || f.Type == http2.FrameGoAway })
		if f.Type != http2.FrameRSTStream || f.code != http2.ErrCodeProtocol {
			t.Errorf("%s: %v", name, f)
		}
		if r := wait(t, name, refused); r.Clause == "" || r.Reason == "" {
			t.Errorf("%s: %+v", name, r)
		}
		stream += 2
	}
	c.works(stream)
}

// What is refused in any version is answered.
func TestRefusedRequests(t *testing.T) {
	s := serving(t, hello)
	s.Limits = h1.Limits{Head: 4 << 10, Fields: 20, RequestLine: 1 << 10}
	c := connect(t, s)
	many := append([]string{}, get...)
	for range 21 {
		many = append(many, "x", "y")
	}
	crumbs := append([]string{}, get...)
	for range 40 {
		crumbs = append(crumbs, "cookie", "a=b")
	}
	stream := uint32(1)
	for name, want := range map[string]struct {
		status string
		fields []string
	}{
		"no host":              {"400", with(":authority")},
		"no valid host":        {"400", with(":authority", "user@example.test")},
		"an escape":            {"400", with(":path", "/%zz")},
		"a star":               {"400", with(":path", "*")},
		"another scheme":       {"400", with(":scheme", "ftp")},
		"a long path":          {"414", with(":path", "/"+strings.Repeat("a", 1<<10))},
		"a large field":        {"431", with("x", strings.Repeat("x", 5<<10))},
		"many fields":          {"431", many},
		"many crumbs":          {"200", crumbs},
		"the host's own field": {"200", append(with(":authority"), "host", "example.test")},
		"connect":              {"501", []string{":method", "CONNECT", ":authority", "example.test:80"}},
		"options":              {"200", []string{":method", "OPTIONS", ":scheme", "http", ":authority", "example.test", ":path", "*"}},
	} {
		c.ask(stream, true, want.fields)
		if a := c.response(stream); a.status != want.status {
			t.Errorf("%s: %v", name, a)
		}
		stream += 2
	}
	c.works(stream)
}
