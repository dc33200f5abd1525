package front

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
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
	http *http.Server
	wg   sync.WaitGroup
}

// New returns a Server that has not begun to listen.
func New(handler http.Handler, logger *slog.Logger) *Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &Server{http: &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       rememberConn,
		ErrorLog:          log.New(debugWriter{logger}, "", 0),
	}}
}

// Serve accepts connections of l until Shutdown or Close. It returns nil then.
func (s *Server) Serve(l net.Listener) error {
	s.wg.Add(1)
	defer s.wg.Done()
	err := s.http.Serve(listener{l})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting and returns when all requests have been answered, or
// when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Close cuts all connections.
func (s *Server) Close() error { return s.http.Close() }

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
