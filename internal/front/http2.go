package front

import (
	"context"
	"net"

	"highball/internal/h2"
)

// Each connection in clear text begins at the engine for HTTP/1, which knows the preface
// of HTTP/2.

// Preface takes what has been read of a connection that speaks HTTP/2; servePlain gives it
// to the engine for that. Over TLS it is negotiated, and not begun like that (RFC 9113 3.2).
func (c *tracked) Preface(read []byte) bool {
	if c.secure {
		return false
	}
	c.http2.Store(true)
	c.preface = read
	return true
}

// serveHTTP2 serves a connection that is to speak HTTP/2: by its first bytes, which are
// read, or because a TLS handshake, which is over, has agreed on it (ALPN "h2"). It
// closes the connection, and returns at its end.
func (s *Server) serveHTTP2(ctx context.Context, nc net.Conn, read []byte) {
	if c := connOf(ctx); c != nil {
		c.http2.Store(true)
	}
	s.http2.ServeConn(ctx, nc, read)
}

// watchHTTP2 has the engine tell a connection of ours what it does.
func watchHTTP2(ctx context.Context) h2.Watcher {
	if c := connOf(ctx); c != nil {
		return c
	}
	return nil
}

// Active says that something is asked.
func (c *tracked) Active() { c.arrived() }
