package front

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/h1"
	"highball/internal/h2"
	"highball/internal/h3"
	"highball/internal/obs"
	"highball/internal/uwsgi"
)

// Server runs one handler on any number of listeners.
type Server struct {
	handler http.Handler
	options Options
	short   shortage
	http1   h1.Server     // takes every connection but those of the next two
	http2   h2.Server     // takes those that turn out to speak it
	uwsgi   h1.Server     // takes those of listeners for it
	start   sync.Once     // of http1
	linger  time.Duration // Options.Linger, but in tests
	born    time.Time
	gathers sync.Pool // *gatherBuffer

	totals   totals
	refusals *refusals

	tellEvicted, tellWaits, tellAddress obs.Reminder

	draining atomic.Bool
	cut      atomic.Bool // nothing waits any more: Close was called

	mu        sync.Mutex
	listeners map[*listener]struct{}
	conns     map[*tracked]struct{} // from their admission to their end
	quic      map[*h3.Server]struct{}
	quicOpen  int // connections of theirs
	admission admission
	began     time.Time     // of the drain
	drained   chan struct{} // closed when a drain has nothing left
}

// New returns a Server that has not begun to listen.
func New(handler http.Handler, options Options) *Server {
	options = options.withDefaults()
	logger := options.Logger
	s := &Server{
		handler: handler, options: options, short: shortage{logger: logger}, linger: options.Linger,
		born: time.Now(), refusals: newRefusals(logger), admission: newAdmission(options),
		listeners: map[*listener]struct{}{}, conns: map[*tracked]struct{}{}, quic: map[*h3.Server]struct{}{}, drained: make(chan struct{}),
	}
	s.gathers.New = func() any { return new(gatherBuffer) }
	for _, engine := range []*h1.Server{&s.http1, &s.uwsgi} {
		engine.Handler, engine.Limits = handler, options.Limits
		engine.HeadTimeout, engine.IdleTimeout, engine.WriteTimeout = options.HeaderTimeout, options.IdleTimeout, options.SendTimeout
		engine.Refused, engine.Watch, engine.Logger = s.refusals.note, watch, logger
	}
	s.uwsgi.Foreign = uwsgi.Read
	s.http2 = h2.Server{
		Handler: handler, Limits: options.Limits,
		HeadTimeout: options.HeaderTimeout, IdleTimeout: options.IdleTimeout, WriteTimeout: options.SendTimeout,
		Refused: s.refusals.note, Watch: watchHTTP2, Logger: logger,
	}
	return s
}

// Borrow says that the handler keeps nothing of a request and its response once it has
// returned, so that the engine may use them again. It is to be called before Add.
func (s *Server) Borrow() { s.http1.Borrows, s.http2.Borrows = true, true }

// Add takes a listener in and returns what accepts its connections until Shutdown
// or Close. That returns nil then, and has closed l. A Shutdown that comes between
// the two knows of l: what waits in its backlog is served.
func (s *Server) Add(l net.Listener, how Listening) (serve func() error) {
	own := &listener{Listener: l, server: s, how: how}
	if !s.enter(own) {
		_ = l.Close()
		return func() error { return nil }
	}
	return func() error {
		defer s.leave(own)
		return s.acceptAll(own)
	}
}

// acceptAll serves what a listener accepts, until there is no more.
func (s *Server) acceptAll(l *listener) error {
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			s.serveNew(c, l.how)
		case err == errAllAccepted || s.cut.Load() || l.draining.Load():
			return nil
		default:
			_ = l.Close()
			return err
		}
	}
}

func (s *Server) serveConn(c net.Conn, how Listening) {
	t := trackedOf(c)
	defer s.outlive(t, c)
	switch {
	case t == nil && (how.Proxied != nil || how.UWSGI != nil): // of a network without trust
		_ = c.Close()
		return
	case t == nil:
		s.http1.ServeConn(rememberConn(context.Background(), c), overTLS(c, how))
		return
	case !s.introduce(t, how):
		return
	}
	switch {
	case how.UWSGI != nil:
		s.serveUWSGI(rememberConn(context.Background(), c), c, how)
	case how.TLS == nil:
		s.servePlain(t, c)
	default:
		if secure := s.secure(t, c, how); secure != nil {
			s.serveSecure(secure)
		}
	}
	t.unqueue()
	s.forget(t)
}

// servePlain serves a connection in the clear, by how its client begins.
func (s *Server) servePlain(t *tracked, c net.Conn) {
	ctx := rememberConn(context.Background(), c)
	s.http1.ServeConn(ctx, c)
	if t.http2.Load() {
		s.serveHTTP2(ctx, c, t.preface)
	}
}

// Serve is Add of a listener for HTTP, and serves.
func (s *Server) Serve(l net.Listener) error { return s.Add(l, Listening{})() }

func (s *Server) enter(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() || s.cut.Load() {
		return false
	}
	s.start.Do(s.startLeaves)
	s.listeners[l] = struct{}{}
	return true
}

// startLeaves has the engine learn of clients that leave, until Shutdown or Close: one
// that has no listener needs neither.
func (s *Server) startLeaves() {
	if err := errors.Join(s.http1.Start(), s.uwsgi.Start()); err != nil {
		s.options.Logger.Warn("clients that leave are noticed late", "error", err)
	}
}

func (s *Server) leave(l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.checkDrained()
}

// Close cuts all connections.
func (s *Server) Close() error {
	s.cut.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.conns {
		_ = c.socket.Close()
	}
	for q := range s.quic {
		q.Close()
	}
	s.wake()
	s.stopLeaves()
	return nil
}
