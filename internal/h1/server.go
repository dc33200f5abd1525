package h1

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves a handler on connections of HTTP/1. Only Handler is needed.
type Server struct {
	Handler http.Handler
	Limits  Limits

	// Borrows says that Handler keeps nothing of a request and its response once it has
	// returned, so that they serve again; and that it needs no context that ends then.
	// Its Header keeps Trailer as it was sent.
	Borrows bool

	// HeadTimeout bounds how long a head may take from its first byte. Default: 30 s.
	HeadTimeout time.Duration

	// IdleTimeout bounds how long a connection may be without requests. Default: 75 s.
	IdleTimeout time.Duration

	// WriteTimeout bounds how long a client may take nothing of what is written.
	// Default: 60 s.
	WriteTimeout time.Duration

	// Refused is told of each request that is refused, for its body too; it may be nil.
	Refused func(nc net.Conn, refusal *Refusal)

	// Watch, if set, is told what each connection does.
	Watch func(nc net.Conn) Watcher

	// Foreign, if set, reads the heads of requests in another form than HTTP/1's; the
	// connection serves one.
	Foreign func(src io.Reader, limits Limits) (*Foreign, error)

	// Logger is told of handlers that panic. Default: slog.Default().
	Logger *slog.Logger

	draining atomic.Bool
	dates    dates
	leaves   *leaves // of Start
	warden   warden

	inputs             inputs
	outputs, exchanges sync.Pool
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

// Watcher is told what a connection does, by the goroutine that serves it.
type Watcher interface {
	// Idle says that all that was asked is answered.
	Idle()
	// Closing says that nothing more is read but to throw it away.
	Closing()
	// HalfClosed says that the client has ended its own direction, and Left that it
	// has gone. Both are called by another goroutine, at any time.
	HalfClosed()
	Left()
	// Preface takes a connection over whose first bytes were those of HTTP/2
	// (RFC 9113 3.4), which are to be read again; false refuses it.
	Preface(read []byte) bool
}

// ServeConn serves the requests of one connection, one after the other, closes it
// and returns. ctx is the parent of the requests' contexts.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) {
	ctx, left := context.WithCancel(context.WithValue(ctx, http.LocalAddrContextKey, nc.LocalAddr()))
	defer left()
	c := &conn{
		server: s, net: nc, in: Reader{src: nc, limits: s.Limits.withDefaults(), lend: &s.inputs},
		ctx: ctx, remote: nc.RemoteAddr().String(), watcher: unwatched{},
	}
	c.out.conn = c
	s.enroll(c)
	defer s.discharge(c)
	if s.Watch != nil {
		if w := s.Watch(nc); w != nil {
			c.watcher = w
		}
	}
	forget := func() {}
	if s.leaves != nil {
		forget = s.leaves.watch(socketOf(nc), leaver{func() { left(); c.watcher.Left() }, c.watcher.HalfClosed})
	}
	handedOver := c.shakeHands() && c.serve()
	forget()
	if !handedOver {
		_ = nc.Close()
	}
}

// unwatched is the Watcher of nobody.
type unwatched struct{}

func (unwatched) Idle()               {}
func (unwatched) Closing()            {}
func (unwatched) HalfClosed()         {}
func (unwatched) Left()               {}
func (unwatched) Preface([]byte) bool { return false }

func (s *Server) headTimeout() time.Duration  { return orElse(s.HeadTimeout, 30*time.Second) }
func (s *Server) idleTimeout() time.Duration  { return orElse(s.IdleTimeout, 75*time.Second) }
func (s *Server) writeTimeout() time.Duration { return orElse(s.WriteTimeout, 60*time.Second) }

// orElse: a negative time is none.
func orElse(d, standard time.Duration) time.Duration {
	switch {
	case d == 0:
		return standard
	case d < 0:
		return 1 << 40 * time.Millisecond
	}
	return d
}

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.Default()
	}
	return s.Logger
}
