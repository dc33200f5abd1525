package front

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestLocalPeersAreTrusted(t *testing.T) {
	for peer, want := range map[net.Addr]bool{
		&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}:   true,
		&net.TCPAddr{IP: net.IPv6loopback}:         true,
		&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}:   false,
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}:    false,
		&net.UnixAddr{Net: "unix", Name: "/run/x"}: true,
	} {
		if got := local(peer); got != want {
			t.Errorf("%s: got %t", peer, got)
		}
	}
}

// Who is not trusted gets nothing, whatever it says; who is gets one response.
func TestUWSGIServesTrustedPeersOnly(t *testing.T) {
	const packet = "\x00\x15\x00\x00\x0e\x00REQUEST_METHOD\x03\x00GET"
	for _, trusted := range []bool{true, false} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("served")) })
		s := New(handler, Options{Trusted: func(net.Addr) bool { return trusted }})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Add(l, Listening{UWSGI: true})() }()
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
