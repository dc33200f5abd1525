package front

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"highball/internal/origin"
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

// Behind a header of the PROXY protocol it is whom the header names that has to be
// trusted: anybody may connect to the balancer, and send a packet.
func TestUWSGIBehindAHeader(t *testing.T) {
	const packet = "\x00\x15\x00\x00\x0e\x00REQUEST_METHOD\x03\x00GET"
	l := listenOn(t, "tcp")
	s := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "served ", origin.Of(r.Context()).Variables)
	}), Options{})
	trusted := func(peer net.Addr) bool { return !strings.HasPrefix(peer.String(), "192.0.2.1:") }
	serve := s.Add(l, Listening{Proxied: trusted, UWSGI: trusted})
	go func() { _ = serve() }()
	t.Cleanup(func() { _ = s.Close() })
	for _, tt := range []struct{ header, want string }{
		{"PROXY TCP4 198.51.100.1 198.51.100.2 50000 443\r\n", "served [{highball.peer_addr 127.0.0.1}]"},
		{"PROXY UNKNOWN\r\n", "served [{highball.peer_addr 127.0.0.1}]"},
		{introduction, ""},
		{"", ""},
	} {
		if got := ask(t, l.Addr(), tt.header+packet); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.header, got, tt.want)
		}
	}
	if counts := s.refusals.all(); counts["trusted-proxies"] != 1 {
		t.Errorf("got %v", counts)
	}
}
