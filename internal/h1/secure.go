package h1

import (
	"crypto/tls"
	"net"
	"time"
)

// shakeHands completes TLS, if the connection speaks it, in the time of a head. Whom the
// handshake has failed is told nothing more.
func (c *conn) shakeHands() bool {
	secure, ok := c.net.(*tls.Conn)
	if !ok {
		return true
	}
	_ = secure.SetDeadline(time.Now().Add(c.server.headTimeout()))
	if secure.HandshakeContext(c.ctx) != nil {
		return false
	}
	_ = secure.SetDeadline(time.Time{})
	state := secure.ConnectionState()
	c.tls = &state
	return true
}

// socketOf is what a connection goes over.
func socketOf(nc net.Conn) net.Conn {
	if secure, ok := nc.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return nc
}
