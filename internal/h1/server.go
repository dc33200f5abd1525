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

	draining atomic.Bool
	dates    dates
	leaves   *leaves // of Start
}

// Start has the contexts of requests end when their clients leave, until Stop. A
// Server that was not started serves as well, without that.
func (s *Server) Start() (err error) {
	s.leaves, err = newLeaves()
	return err
}

// Stop ends what Start has begun, when no connection is served any more.
func (s *Server) Stop() {
	if s.leaves != nil {
		s.leaves.close()
	}
}

// Drain has each response say from now on that its connection closes.
func (s *Server) Drain() { s.draining.Store(true) }

// ServeConn serves the requests of one connection, one after the other, closes it
// and returns. ctx is the parent of the requests' contexts.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	ctx, left := context.WithCancel(context.WithValue(ctx, http.LocalAddrContextKey, nc.LocalAddr()))
	defer nc.Close()
	defer left()
	if s.leaves != nil {
		defer s.leaves.watch(nc, left)()
	}
	c := &conn{
		server: s, net: nc, in: NewReader(nc, s.Limits), out: output{dst: nc, buf: make([]byte, 0, 1<<10)},
		ctx: ctx, remote: nc.RemoteAddr().String(),
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
