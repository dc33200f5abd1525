package uwsgi

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"

	"highball/internal/h1"
	"highball/internal/origin"
)

var limits = h1.Limits{RequestLine: 1 << 10, Head: 4 << 10, Fields: 10}

func text(s string) string {
	return string(binary.LittleEndian.AppendUint16(nil, uint16(len(s)))) + s
}

// packetOf writes the packet of names and values in turn.
func packetOf(modifier1 byte, texts ...string) []byte {
	var body string
	for _, s := range texts {
		body += text(s)
	}
	b := binary.LittleEndian.AppendUint16([]byte{modifier1}, uint16(len(body)))
	return append(append(b, 0), body...)
}

func read(t *testing.T, b []byte) (*h1.Foreign, *origin.Origin) {
	t.Helper()
	f, err := Read(bytes.NewReader(b), limits)
	if err != nil {
		t.Fatal(err)
	}
	return f, origin.Of(f.Context(context.Background()))
}

func TestRead(t *testing.T) {
	f, o := read(t, packetOf(0, "REQUEST_METHOD", "POST", "REQUEST_URI", "/a%2Fb?q", "PATH_INFO", "/a/b", "QUERY_STRING", "q", "SCRIPT_NAME", "/s",
		"HTTP_HOST", "example.test", "HTTP_X_A", "1", "HTTP_X_A", "2", "CONTENT_LENGTH", "5", "CONTENT_TYPE", "", "HTTPS", "on", "REMOTE_ADDR", "192.0.2.1",
		"REMOTE_PORT", "99", "SSL_CLIENT_VERIFY", "SUCCESS", "UWSGI_FILE", "/etc/passwd", "wsgi.url_scheme", "ftp", "highball.request_id", "x", "SERVER_PROTOCOL", "HTTP/2.0"))
	if f.Head.Method != "POST" || f.Head.Target != "/a%2Fb?q" || f.Head.Length != 5 || f.Remote != "192.0.2.1:99" || f.Proto != "HTTP/2.0" || f.Head.Host != "example.test" {
		t.Errorf("got %+v of %+v", f.Head, f)
	}
	if o.Scheme != "https" || *o.Path != "/a/b" || o.Prefix != "/s" || o.Query != "q" {
		t.Errorf("got %+v", o)
	}
	if len(o.Variables) != 1 || o.Variables[0] != (origin.Variable{Name: "SSL_CLIENT_VERIFY", Value: "SUCCESS"}) {
		t.Errorf("variables: got %q", o.Variables)
	}
}

func TestNothingBehindThePacketIsRead(t *testing.T) {
	src := bytes.NewReader(append(packetOf(0, "REQUEST_METHOD", "GET"), "body"...))
	if _, err := Read(src, limits); err != nil || src.Len() != len("body") {
		t.Errorf("got %v, %d bytes are left", err, src.Len())
	}
}

func FuzzRead(f *testing.F) {
	f.Add(packetOf(0, "REQUEST_METHOD", "GET", "PATH_INFO", "/a b\xc3", "HTTP_X", "1"))
	f.Add(packetOf(30, "REQUEST_METHOD", "POST", "SCRIPT_NAME", "/s/", "PATH_INFO", "/s/x", "CONTENT_LENGTH", "5", "CONTENT_LENGTH", "6"))
	f.Add(packetOf(0, "REQUEST_METHOD", "GET", "REQUEST_URI", "http://a%20b:80?q", "REMOTE_ADDR", "fe80::1%x", "REMOTE_PORT", "1", "SERVER_PORT", "0"))
	f.Add(packetOf(0, "REQUEST_METHOD", "GET", "HTTP_x", "1", "HTTP_X-Y", "2", "WSGI.input", "3", "a=b", "4", "HTTP_HOST", "[::1", "HTTPS", "ON"))
	f.Add([]byte{0, 3, 0, 0, 9, 0, 'a'})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b), limits)
		if err != nil {
			return
		}
		o := origin.Of(got.Context(context.Background()))
		for _, v := range o.Variables {
			upper := strings.ToUpper(v.Name)
			if strings.HasPrefix(upper, "WSGI.") || strings.HasPrefix(upper, "HIGHBALL.") || strings.HasPrefix(upper, "UWSGI_") || strings.HasPrefix(upper, "HTTP_") || strings.ContainsAny(v.Name, "= \x00\n") {
				t.Errorf("%q came through", v.Name)
			}
		}
		h := got.Head
		if h.Length < 0 || h.Target == "" || h.Method == "" || h.Framing == h1.ByChunks || len(h.Fields) > limits.Fields || len(h.Target) > limits.RequestLine {
			t.Errorf("got %+v", h)
		}
		if h.Host != "" && !h1.ValidHost(h.Host) {
			t.Errorf("host %q", h.Host)
		}
		if got.Remote != "" && net.ParseIP(got.Remote) == nil {
			if _, err := netip.ParseAddrPort(got.Remote); err != nil {
				t.Errorf("client %q", got.Remote)
			}
		}
		for _, path := range []string{o.Prefix, *o.Path} {
			if path != "" && path[0] != '/' {
				t.Errorf("path %q", path)
			}
		}
	})
}
