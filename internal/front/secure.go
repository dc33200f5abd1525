package front

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// acmeProtocol is of connections that are there for their handshake (RFC 8737 3).
const acmeProtocol = "acme-tls/1"

// secure completes TLS on a new connection, in the time of a head. It returns nil for
// one that ends with that, and has closed it.
func (s *Server) secure(t *tracked, c net.Conn, how Listening) *secureConn {
	wire := &wireConn{Conn: c, t: t}
	own := &secureConn{Conn: tls.Server(wire, how.TLS), tracked: t, wire: wire}
	late := time.AfterFunc(s.options.HeaderTimeout, func() { _ = t.socket.Close() })
	err := own.HandshakeContext(context.Background())
	if err != nil || !late.Stop() {
		s.totals.handshakesFailed.Add(1)
		s.handshakeFailed(t, err)
		return nil
	}
	state := own.ConnectionState()
	s.totals.handshakes.Add(1)
	if state.DidResume {
		s.totals.resumed.Add(1)
	}
	if state.NegotiatedProtocol == acmeProtocol {
		_ = own.Close()
		return nil
	}
	if how.Variables != nil {
		if more := how.Variables(&state); len(more) > 0 {
			t.origin = t.origin.And(more)
		}
	}
	t.secure = true
	t.Idle() // what has come was not a request
	return own
}

// handshakeFailed ends a connection whose handshake has come to nothing. That is the
// daily bread of a public port: the log is not told, but of debug.
func (s *Server) handshakeFailed(t *tracked, err error) {
	defer t.socket.Close()
	s.options.Logger.Debug("a handshake has failed", "client", t.socket.RemoteAddr().String(), "error", err)
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) {
		s.totals.plainOnTLS.Add(1)
		t.answerPlain()
	}
}

// looksLikeHTTP knows the beginnings of requests, of which TLS has no record.
func looksLikeHTTP(begin [5]byte) bool {
	switch string(begin[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH", "TRACE", "CONNE", "PRI *":
		return true
	}
	return false
}

// plainPage tells a person who has forgotten the "s".
const plainPage = "400 Bad Request\n\nThis port speaks HTTPS, and the request was plain HTTP: write https:// in front of the address.\n"

// answerPlain answers a request in the clear where TLS is spoken, and takes what else
// comes, so that the answer is not lost by a reset.
func (c *tracked) answerPlain() {
	c.Closing()
	_ = c.conn.SetDeadline(time.Now().Add(plainTime))
	_, err := fmt.Fprintf(c.conn, "HTTP/1.1 400 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		http.StatusText(http.StatusBadRequest), len(plainPage), plainPage)
	if err == nil && c.socket.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c.conn, plainBytes)
	}
}

// How long such a client has, and what it may send meanwhile.
const (
	plainTime  = 2 * time.Second
	plainBytes = 64 << 10
)

// serveSecure serves a connection by what was negotiated (RFC 7301).
func (s *Server) serveSecure(c *secureConn) {
	if c.ConnectionState().NegotiatedProtocol == "h2" {
		s.serveHTTP2(rememberConn(context.Background(), c), c, nil)
		return
	}
	s.http1.ServeConn(rememberConn(context.Background(), c), c)
}

// overTLS is for connections of other kinds, of which nothing is known.
func overTLS(c net.Conn, how Listening) net.Conn {
	if how.TLS == nil {
		return c
	}
	return tls.Server(c, how.TLS)
}
