package front

import (
	"context"
	"net"
	"net/http"

	"highball/internal/h1"
)

// serveUWSGI serves a proxy. Who is none could say anything of a request, its client's
// name and address among it, and is served nothing. Behind a header of the PROXY protocol
// it is the client named there that speaks: anybody may have connected to the balancer.
func (s *Server) serveUWSGI(ctx context.Context, c net.Conn, how Listening) {
	if !how.UWSGI(c.RemoteAddr()) {
		s.refusals.note(c, &h1.Refusal{
			Status: http.StatusForbidden, Clause: "trusted-proxies",
			Reason: "a uwsgi listener serves trusted proxies only, and this is none",
		})
		_ = c.Close()
		return
	}
	s.uwsgi.ServeConn(ctx, c)
}

func (s *Server) stopLeaves() {
	s.http1.Stop()
	s.uwsgi.Stop()
}
