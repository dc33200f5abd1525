package h2

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/h1"
)

// Server serves a handler on connections of HTTP/2. Only Handler is needed.
type Server struct {
	Handler http.Handler

	// Limits are those of HTTP/1: RequestLine bounds the path, Head is the size of a
	// header list (RFC 9113 6.5.2), and Fields counts what belongs to one Cookie once.
	Limits h1.Limits

	// Borrows says that Handler keeps nothing of a request and its response once it has
	// returned, so that they serve again; and that it needs no context that ends then.
	// Its Header keeps Trailer as it was sent.
	Borrows bool

	// HeadTimeout bounds how long a head may take, and the preface, from the first byte
	// or the connection's beginning. Default: 30 s.
	HeadTimeout time.Duration

	// IdleTimeout bounds how long a connection may be without requests. Default: 75 s.
	IdleTimeout time.Duration

	// WriteTimeout bounds how long a client may take nothing of what is written: of a
	// stream, or of all. Default: 60 s.
	WriteTimeout time.Duration

	// Linger is how long a drain waits for a client to hear of it. Default: 1 s.
	Linger time.Duration

	// MaxStreams is how many requests a connection may have in hand. Default: 128; RFC
	// 9113 6.5.2 wants no fewer than 100.
	MaxStreams int

	// StreamBuffer is how much of a body may have come that its handler has not read,
	// in bytes. The connection has room for that of all streams. Default: 512 KiB.
	StreamBuffer int

	// Refused is told of each request that is refused, and of each fault that ends a
	// stream or a connection; it may be nil.
	Refused func(nc net.Conn, refusal *h1.Refusal)

	// Watch, if set, gives who is told what the connection of ServeConn's ctx does.
	Watch func(ctx context.Context) Watcher

	// Logger is told of handlers that panic. Default: slog.Default().
	Logger *slog.Logger

	draining atomic.Bool
	dates    h1.Dates
	warden   warden
	crew     crew
	inputs   inputs

	outputs, streams sync.Pool
}

// Watcher is told what a connection does. It is called while the connection's lock is
// held.
type Watcher interface {
	// Active says that something is asked, after nothing was.
	Active()
	// Idle says that all that was asked is answered, and the answers were sent.
	Idle()
	// Closing says that nothing more is read but to throw it away.
	Closing()
}

// unwatched is the Watcher of nobody.
type unwatched struct{}

func (unwatched) Active()  {}
func (unwatched) Idle()    {}
func (unwatched) Closing() {}

// ServeConn serves a connection until its end, and closes it. read is what has been read
// of it already. ctx is the parent of the requests' contexts.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn, read []byte) {
	c := s.newConn(context.WithValue(ctx, http.LocalAddrContextKey, nc.LocalAddr()), nc, read)
	s.crew.join()
	defer s.crew.part()
	s.enroll(c)
	defer s.discharge(c)
	c.end(c.serve())
}

// Drain has each client told that its connection takes no more requests (RFC 9113 6.8).
// Those that are on their way are served; then it closes. A connection that begins
// after that serves what its client asks at once.
func (s *Server) Drain() {
	s.draining.Store(true)
	for _, c := range s.all() {
		c.mu.Lock()
		if c.greeted {
			c.sayGoAway()
		}
		c.mu.Unlock()
	}
}

func (s *Server) headTimeout() time.Duration  { return orElse(s.HeadTimeout, 30*time.Second) }
func (s *Server) idleTimeout() time.Duration  { return orElse(s.IdleTimeout, 75*time.Second) }
func (s *Server) writeTimeout() time.Duration { return orElse(s.WriteTimeout, 60*time.Second) }
func (s *Server) linger() time.Duration       { return orElse(s.Linger, time.Second) }
func (s *Server) maxStreams() int             { return orDefault(s.MaxStreams, 128) }
func (s *Server) streamBuffer() int           { return orDefault(s.StreamBuffer, 512<<10) }

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

func orDefault(n, standard int) int {
	if n == 0 {
		return standard
	}
	return n
}

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.Default()
	}
	return s.Logger
}
