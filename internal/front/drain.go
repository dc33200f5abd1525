package front

import (
	"context"
	"net"
	"net/http"
	"slices"
	"time"
)

// drainLinger is how long a drain keeps a connection on which nothing is asked,
// for a request that is on its way; and for how long it accepts at most.
const drainLinger = time.Second

// Shutdown accepts the connections that wait in the backlogs, closes the
// listeners (those that are Shared at once), and returns when all requests have
// been answered. From its beginning on responses say that the connection closes.
// One on which nothing is asked is kept for a second more. When ctx ends Shutdown
// closes the latter, and returns ctx's error if requests are left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.startDrain()
	again := time.NewTicker(s.linger)
	defer again.Stop()
	for {
		select {
		case <-s.drained:
			s.stopLeaves()
			return nil
		case <-ctx.Done():
			err := s.endDrain(ctx)
			if err == nil {
				s.stopLeaves()
			}
			return err
		case <-again.C:
			goAway(s.allHTTP2())
		}
	}
}

// Draining says whether Shutdown has begun.
func (s *Server) Draining() bool { return s.draining.Load() }

func (s *Server) startDrain() {
	s.mu.Lock()
	if s.draining.Load() {
		s.mu.Unlock()
		return
	}
	s.began = time.Now()
	s.draining.Store(true)
	s.http1.Drain()
	s.uwsgi.Drain()
	for l := range s.listeners {
		l.drain()
	}
	for c := range s.conns {
		c.limitRest()
	}
	s.wake()
	// Connections that are accepted from here on, or are still to speak, have a
	// server for HTTP/2 that takes them.
	old := slices.Clone(s.http2)
	s.http2 = append(s.http2, s.newHTTP2())
	s.checkDrained()
	s.mu.Unlock()
	goAway(old) // without mu: connState, which it may wait for, takes it
}

// endDrain closes what can be closed without a loss, and says if that is not all.
func (s *Server) endDrain(ctx context.Context) error {
	s.mu.Lock()
	busy := false
	for l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.conns {
		if c.waiting.Load() {
			_ = c.socket.Close()
		} else {
			busy = true
		}
	}
	s.mu.Unlock()
	goAway(s.allHTTP2())
	if busy {
		return ctx.Err()
	}
	return nil
}

func (s *Server) allHTTP2() []*http.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.http2)
}

func (s *Server) sinceDrain() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.began)
}

// connState is told by the http.Servers for HTTP/2 what a connection does.
func (s *Server) connState(conn net.Conn, state http.ConnState) {
	c := trackedOf(conn)
	if c == nil {
		return
	}
	switch state {
	case http.StateActive:
		c.arrived()
	case http.StateIdle:
		c.Idle()
	case http.StateClosed:
		s.forget(c)
	}
}

func (s *Server) forget(c *tracked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.conns[c]; !there {
		return
	}
	delete(s.conns, c)
	s.admission.perAddress.give(c)
	s.totals.received.Add(c.received.Load())
	s.totals.sent.Add(int64(c.raw.Sent()))
	s.wake()
	s.checkDrained()
}

// checkDrained ends a drain that has nothing left. It needs mu.
func (s *Server) checkDrained() {
	if !s.draining.Load() || len(s.listeners)+len(s.conns) > 0 {
		return
	}
	select {
	case <-s.drained:
	default:
		close(s.drained)
	}
}
