package front

import (
	"crypto/tls"
	"net"

	"highball/internal/origin"
)

// Listening says how the connections of a listener are served. The zero value is HTTP
// in the clear.
type Listening struct {
	// TLS, if set, is what each connection begins with. NextProtos are among "h2" and
	// "http/1.1", and such as end with the handshake.
	TLS *tls.Config

	// Variables, if set, are what a connection's handshake adds to the environ of its
	// requests.
	Variables func(*tls.ConnectionState) []origin.Variable

	// Proxied, if set, has each connection begin with a header of the PROXY protocol,
	// and says which peers may send one; those of others are closed.
	Proxied func(peer net.Addr) bool

	// UWSGI, if set, has proxies speak the uwsgi protocol there, and says which peers
	// may: what they say of a request is believed. Those of others are closed. With
	// Proxied it is asked for whom the header names.
	UWSGI func(peer net.Addr) bool
}
