package front

import (
	"crypto/tls"
	"io"
	"net/http"
	"testing"

	"highball/internal/origin"
)

// A fault in the server ends the connection that has met it, and no other.
func TestFaultsCostOneConnection(t *testing.T) {
	s := newServer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })
	faults := 1
	server, client := certified(t, "http/1.1")
	l := listenOn(t, "tcp")
	serveHow(t, s, l, Listening{TLS: server, Variables: func(*tls.ConnectionState) []origin.Variable {
		if faults--; faults == 0 {
			panic("a fault")
		}
		return nil
	}})
	lost := tls.Client(connect(t, l.Addr()), client)
	if err := lost.Handshake(); err == nil {
		if n, err := lost.Read(make([]byte, 1)); err == nil {
			t.Errorf("%d bytes came on the connection that should be lost", n)
		}
	}
	eventually(t, "it is forgotten", func() bool { return s.Stats().Open == 0 })
	c := tls.Client(connect(t, l.Addr()), client)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || len(answer) == 0 {
		t.Errorf("the next connection: %q, %v", answer, err)
	}
}
