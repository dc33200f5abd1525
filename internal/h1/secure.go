package h1

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// secured is a *tls.Conn, or what embeds one.
type secured interface {
	net.Conn
	HandshakeContext(ctx context.Context) error
	ConnectionState() tls.ConnectionState
	NetConn() net.Conn
}

// shakeHands completes TLS, if the connection speaks it, in the time of a head. Whom the
// handshake has failed is told nothing more.
func (c *conn) shakeHands() bool {
	secure, ok := c.net.(secured)
	if !ok {
		return true
	}
	state := secure.ConnectionState()
	if !state.HandshakeComplete {
		_ = secure.SetDeadline(time.Now().Add(c.server.headTimeout()))
		if secure.HandshakeContext(c.ctx) != nil {
			return false
		}
		_ = secure.SetDeadline(time.Time{})
		state = secure.ConnectionState()
	}
	c.tls = &state
	return true
}

// socketOf is what a connection goes over.
func socketOf(nc net.Conn) net.Conn {
	if secure, ok := nc.(secured); ok {
		return secure.NetConn()
	}
	return nc
}
