package front

import (
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// How long a connection may take over what is not the application's.
const (
	headerTimeout = 30 * time.Second // the head of a request
	idleTimeout   = 75 * time.Second // between requests: above the 60 s of usual balancers
)

// maxHeader bounds the head of a request, in bytes; larger ones are answered 431.
const maxHeader = 64 << 10

// Server runs one handler on any number of listeners.
type Server struct {
	handler http.Handler
	log     *log.Logger
	short   shortage
	http1   *http.Server  // takes every connection
	linger  time.Duration // drainLinger, but in tests

	draining atomic.Bool
	cut      atomic.Bool // nothing waits any more: Close was called

	mu        sync.Mutex
	http2     []*http.Server // the last takes those that turn out to speak HTTP/2
	listeners map[*listener]struct{}
	conns     map[*tracked]struct{} // from their acceptance to their end
	began     time.Time             // of the drain
	drained   chan struct{}         // closed when a drain has nothing left
}

// New returns a Server that has not begun to listen.
func New(handler http.Handler, logger *slog.Logger) *Server {
	s := &Server{
		handler: handler, short: shortage{logger: logger}, log: log.New(debugWriter{logger}, "", 0), linger: drainLinger,
		listeners: map[*listener]struct{}{}, conns: map[*tracked]struct{}{}, drained: make(chan struct{}),
	}
	s.http1 = s.newHTTP(http.HandlerFunc(s.serveHTTP1), (*http.Protocols).SetHTTP1)
	s.http2 = []*http.Server{s.newHTTP2()}
	return s
}

func (s *Server) newHTTP(handler http.Handler, enable func(*http.Protocols, bool)) *http.Server {
	protocols := new(http.Protocols)
	enable(protocols, true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       rememberConn,
		ConnState:         s.connState,
		ErrorLog:          s.log,
	}
}

// Add takes a listener in and returns what accepts its connections until Shutdown
// or Close. That returns nil then, and has closed l. A Shutdown that comes between
// the two knows of l: what waits in its backlog is served.
func (s *Server) Add(l net.Listener) (serve func() error) {
	own := &listener{Listener: l, server: s}
	if !s.enter(own) {
		_ = l.Close()
		return func() error { return nil }
	}
	return func() error {
		defer s.leave(own)
		err := s.http1.Serve(own)
		if errors.Is(err, http.ErrServerClosed) || errors.Is(err, errAllAccepted) {
			return nil
		}
		return err
	}
}

// Serve is Add, and serves.
func (s *Server) Serve(l net.Listener) error { return s.Add(l)() }

func (s *Server) enter(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() || s.cut.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) leave(l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.checkDrained()
}

func (s *Server) serveHTTP1(w http.ResponseWriter, r *http.Request) {
	c := connOf(r.Context())
	if isPreface(r) {
		s.handOver(w, c)
		return
	}
	s.serve(w, r, c)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, c *tracked) {
	response := &responseWriter{ResponseWriter: w, server: s, conn: c}
	s.handler.ServeHTTP(response, r)
	response.beforeHead()
}

// Close cuts all connections.
func (s *Server) Close() error {
	s.cut.Store(true)
	err := s.http1.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns { // also those on their way from one http.Server to the other
		_ = c.socket.Close()
	}
	return err
}

// debugWriter takes what net/http writes about connections that misbehave.
type debugWriter struct{ logger *slog.Logger }

func (w debugWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && p[len(p)-1] == '\n' {
		p = p[:len(p)-1]
	}
	w.logger.Debug(string(p))
	return n, nil
}
