package front

import (
	"context"
	"net"
	"net/http"

	"highball/internal/h1"
)

// serveUWSGI serves a proxy. Who is none could say anything of a request, its client's
// name and address among it, and is served nothing.
func (s *Server) serveUWSGI(ctx context.Context, c net.Conn, how Listening) {
	if !how.UWSGI(peerOf(c)) {
		s.refusals.note(c, &h1.Refusal{
			Status: http.StatusForbidden, Clause: "trusted-proxies",
			Reason: "a uwsgi listener serves trusted proxies only, and this is none",
		})
		_ = c.Close()
		return
	}
	s.uwsgi.ServeConn(ctx, c)
}

// peerOf is the address of the socket itself, whatever the connection says of its client.
func peerOf(c net.Conn) net.Addr {
	if t, ok := c.(interface{ track() *tracked }); ok {
		return t.track().socket.RemoteAddr()
	}
	return c.RemoteAddr()
}

func (s *Server) stopLeaves() {
	s.http1.Stop()
	s.uwsgi.Stop()
}
