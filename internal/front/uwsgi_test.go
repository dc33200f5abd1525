package front

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// Who is not trusted gets nothing, whatever it says; who is gets one response.
func TestUWSGIServesTrustedPeersOnly(t *testing.T) {
	const packet = "\x00\x15\x00\x00\x0e\x00REQUEST_METHOD\x03\x00GET"
	for _, trusted := range []bool{true, false} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("served")) })
		s := New(handler, Options{})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Add(l, Listening{UWSGI: func(net.Addr) bool { return trusted }})() }()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte(packet))
		got, _ := io.ReadAll(c)
		_ = c.Close()
		if served := strings.HasPrefix(string(got), "HTTP/1.1 200 OK\r\n") && strings.HasSuffix(string(got), "\r\n\r\nserved"); served != trusted || !trusted && len(got) > 0 {
			t.Errorf("trusted %t: got %q", trusted, got)
		}
		_ = s.Close()
	}
}
