package front

import (
	"errors"
	"net"
	"time"

	"highball/internal/h1"
	"highball/internal/origin"
	"highball/internal/proxyproto"
)

// introduced is what a header of the PROXY protocol says of a connection. It is written
// before anything is read of the connection but the header.
type introduced struct {
	remote, local net.Addr // nil: the socket's own
}

// introduce reads the header that a connection has to begin with, if it has to, and says
// whether the connection is to be served. What a byte before it could say, nobody has
// vouched for: so an untrusted peer gets no service at all.
func (s *Server) introduce(c *tracked, how Listening) bool {
	if how.Proxied == nil {
		return true
	}
	if !how.Proxied(c.peer()) {
		s.refuseConn(c, &proxyproto.Error{
			Clause: "PROXY protocol 2",
			Reason: "the peer is not among trusted-proxies, and the listener is for connections by a proxy",
		})
		return false
	}
	late := time.AfterFunc(s.options.HeaderTimeout, func() { _ = c.socket.Close() })
	h, rest, err := proxyproto.Read(c.conn)
	if !late.Stop() {
		err = &proxyproto.Error{Clause: "PROXY protocol 2", Reason: "the header has not come within " + s.options.HeaderTimeout.String()}
	}
	if err != nil {
		s.refuseConn(c, err)
		return false
	}
	c.introduced, c.origin = introducedBy(h, c.peer())
	if !s.readmit(c) {
		return false
	}
	if c.ahead = rest; len(rest) == 0 {
		c.Idle()
	}
	return true
}

func introducedBy(h *proxyproto.Header, peer net.Addr) (introduced, *origin.Origin) {
	o := &origin.Origin{Variables: []origin.Variable{{Name: "highball.peer_addr", Value: addressOf(peer)}}}
	if h.TLS() {
		o.Scheme = "https"
	}
	for _, v := range h.Variables() {
		o.Variables = append(o.Variables, origin.Variable(v))
	}
	switch {
	case h.Local:
		o.Unvouched = true
		return introduced{}, o
	case !h.Source.IsValid(): // the client came by a Unix socket
		return introduced{&net.UnixAddr{Name: unnamed, Net: "unix"}, &net.UnixAddr{Name: unnamed, Net: "unix"}}, o
	}
	return introduced{net.TCPAddrFromAddrPort(h.Source), net.TCPAddrFromAddrPort(h.Destination)}, o
}

// unnamed is the address of a peer on a Unix socket. Its own it may choose, and could
// choose one that reads as an address of TCP.
const unnamed = "@"

func addressOf(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().String()
	}
	return "unix"
}

// readmit counts a connection by its client, as admit does those without a header.
func (s *Server) readmit(c *tracked) bool {
	s.mu.Lock()
	ok := s.admission.perAddress.take(c)
	s.mu.Unlock()
	if !ok {
		s.refuseAddress(c)
		s.forget(c)
	}
	return ok
}

// refuseConn closes a connection that is not to be served.
func (s *Server) refuseConn(c *tracked, err error) {
	var wrong *proxyproto.Error
	if errors.As(err, &wrong) { // else it has ended
		s.refusals.note(c.conn, &h1.Refusal{Clause: wrong.Clause, Reason: wrong.Reason})
	}
	c.unqueue()
	_ = c.socket.Close()
	s.forget(c)
}

// peer is the address of the other end of the socket.
func (c *tracked) peer() net.Addr {
	remote := c.socket.RemoteAddr()
	if named, ok := remote.(*net.UnixAddr); ok && named.Name != "" && named.Name != unnamed {
		return &net.UnixAddr{Name: unnamed, Net: "unix"}
	}
	return remote
}

// remote is the client's address.
func (c *tracked) remote() net.Addr {
	if c.introduced.remote != nil {
		return c.introduced.remote
	}
	return c.peer()
}

// local is what the client has connected to.
func (c *tracked) local() net.Addr {
	if c.introduced.local != nil {
		return c.introduced.local
	}
	return c.socket.LocalAddr()
}
