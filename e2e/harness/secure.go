package harness

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
)

// SecureAddress is where the server's first https address is, "127.0.0.1:54321".
func (s *Server) SecureAddress(t testing.TB) string {
	t.Helper()
	const listening = "listening on https://"
	e, err := s.Await(func(e Entry) bool { return strings.HasPrefix(e.Message(), listening) })
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(e.Message(), listening), "/")
}

// DialTLS connects to the server's https address.
func (s *Server) DialTLS(t testing.TB, config *tls.Config) *Conn {
	t.Helper()
	plain, err := net.DialTimeout("tcp", s.SecureAddress(t), Patience)
	if err != nil {
		t.Fatal(err)
	}
	c := Wrap(t, tls.Client(plain, config))
	if err := c.Conn.(*tls.Conn).Handshake(); err != nil {
		t.Fatal(err)
	}
	return c
}
