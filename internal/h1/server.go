package h1

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server serves a handler on connections of HTTP/1. Only Handler is needed.
type Server struct {
	Handler http.Handler
	Limits  Limits

	// HeadTimeout bounds how long a head may take from its first byte. Default: 30 s.
	HeadTimeout time.Duration

	// IdleTimeout bounds how long a connection may be without requests. Default: 75 s.
	IdleTimeout time.Duration

	// Refused is told of each request that is refused; it may be nil.
	Refused func(remote net.Addr, refusal *Refusal)

	// Logger is told of handlers that panic. Default: slog.Default().
	Logger *slog.Logger

	closing atomic.Bool
	dates   dates
}

// Close has each response say from now on that its connection closes.
func (s *Server) Close() { s.closing.Store(true) }

// ServeConn serves the requests of one connection, one after the other, closes it
// and returns. ctx is the parent of the requests' contexts.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	c := &conn{
		server: s, net: nc, in: NewReader(nc, s.Limits), out: output{dst: nc, buf: make([]byte, 0, 1<<10)},
		ctx: context.WithValue(ctx, http.LocalAddrContextKey, nc.LocalAddr()), remote: nc.RemoteAddr().String(),
	}
	c.serve()
}

func orElse(d, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return d
}

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.Default()
	}
	return s.Logger
}
