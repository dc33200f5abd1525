package front

import (
	"context"
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
	s.checkDrained()
	s.mu.Unlock()
	s.http2.Drain() // without mu: what it calls takes it
	s.drainQUIC()
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
	if s.endQUIC() || busy {
		return ctx.Err()
	}
	return nil
}

func (s *Server) sinceDrain() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.began)
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
	if !s.draining.Load() || len(s.listeners)+len(s.conns)+len(s.quic) > 0 {
		return
	}
	select {
	case <-s.drained:
	default:
		close(s.drained)
	}
}
