package uwsgi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"highball/internal/h1"
	"highball/internal/origin"
)

var limits = h1.Limits{RequestLine: 1 << 10, Head: 64 << 10, Fields: 10}

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

func TestModifier30TakesTheScriptNameOffThePath(t *testing.T) {
	_, o := read(t, packetOf(30, "REQUEST_METHOD", "GET", "SCRIPT_NAME", "/s", "PATH_INFO", "/s/x"))
	if o.Prefix != "/s" || *o.Path != "/x" {
		t.Errorf("got %q, %q", o.Prefix, *o.Path)
	}
}

func TestRefusals(t *testing.T) {
	get := []string{"REQUEST_METHOD", "GET"}
	for name, tt := range map[string]struct {
		packet []byte
		want   string
	}{
		"HTTP":                 {[]byte("GET / HTTP/1.1\r\n\r\n"), "client of HTTP"},
		"a long name":          {[]byte{0, 3, 0, 0, 9, 0, 'a'}, "beyond the packet's end"},
		"half a length":        {[]byte{0, 1, 0, 0, 9}, "beyond the packet's end"},
		"a name alone":         {[]byte{0, 3, 0, 0, 1, 0, 'a'}, "beyond the packet's end"},
		"no name":              {packetOf(0, "", "x"), "without a name"},
		"no method":            {packetOf(0, "PATH_INFO", "/"), "no method"},
		"twice":                {packetOf(0, append(get, "PATH_INFO", "/", "PATH_INFO", "/x")...), "twice"},
		"two hosts":            {packetOf(0, append(get, "HTTP_HOST", "a", "HTTP_HOST", "b")...), "twice"},
		"a field of two lines": {packetOf(0, append(get, "HTTP_X", "a\r\nb")...), "no field"},
		"a length with a sign": {packetOf(0, append(get, "CONTENT_LENGTH", "+5")...), "no length"},
		"a negative length":    {packetOf(0, append(get, "CONTENT_LENGTH", "-5")...), "no length"},
		"a long target":        {packetOf(0, append(get, "REQUEST_URI", "/"+strings.Repeat("a", 2000))...), "longer than 1024"},
		"many variables":       {packetOf(0, strings.Split(strings.Repeat("A,B,", 200)+"A,B", ",")...), "twice,more than"},
	} {
		_, err := Read(bytes.NewReader(tt.packet), limits)
		var refusal *h1.Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		} else if name != "many variables" && !strings.Contains(refusal.Reason, tt.want) {
			t.Errorf("%s: got %q, want %q", name, refusal.Reason, tt.want)
		}
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
	f.Add([]byte{0, 3, 0, 0, 9, 0, 'a'})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b), limits)
		if err != nil {
			return
		}
		o := origin.Of(got.Context(context.Background()))
		for _, v := range o.Variables {
			if strings.HasPrefix(v.Name, "wsgi.") || strings.HasPrefix(v.Name, "UWSGI_") || strings.HasPrefix(v.Name, "HTTP_") {
				t.Errorf("%q came through", v.Name)
			}
		}
		if got.Head.Length < 0 || got.Head.Target == "" || got.Head.Method == "" {
			t.Errorf("got %+v", got.Head)
		}
	})
}
