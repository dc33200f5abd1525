package highball

import "highball/internal/control"

// Health is how a server is, in short.
type Health struct {
	State    string // "starting", "ready", "failing" (no worker stays up) or "draining"
	Workers  int    // that are wanted
	Ready    int    // that take requests
	InFlight int    // requests in progress
	Waiting  int    // requests that wait for a slot
	Open     int64  // connections
	Err      error  // why the last worker did not start, or died young
}

// Health asks every part of the server for its state. Where one of them hangs, it does
// not return: that is how a watchdog finds out.
func (s *Server) Health() Health {
	t := &target{s: s, r: s.running.Load()}
	health := s.pool.Health()
	h := Health{
		State: t.state(), Workers: s.Workers(), InFlight: len(s.gateway.InFlight()), Waiting: s.pool.Load().Queued, Err: health.Last,
	}
	if h.State == control.StateStarting {
		h.Workers = s.cfg.Workers // the pool has not been told yet
	}
	for _, m := range s.pool.Members() {
		if !m.Leaving {
			h.Ready++
		}
	}
	if t.r != nil {
		h.Open = int64(t.r.front.Stats().Open)
	}
	return h
}
