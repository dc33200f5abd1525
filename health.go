package highball

import (
	"fmt"

	"highball/internal/control"
	"highball/internal/pool"
)

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
	health := s.health()
	h := Health{State: t.state(), Workers: s.Workers(), Err: health.Last}
	if h.State == control.StateStarting {
		h.Workers = 0
		for _, app := range s.each() {
			h.Workers += app.cfg.Workers // the pools have not been told yet
		}
	}
	for _, g := range s.gateways() {
		h.InFlight += len(g.InFlight())
	}
	for _, app := range s.each() {
		h.Waiting += app.pool.Load().Queued
		for _, m := range app.pool.Members() {
			if !m.Leaving {
				h.Ready++
			}
		}
	}
	if t.r != nil {
		h.Open = int64(t.r.front.Stats().Open)
	}
	return h
}

// health is that of the pool, or of the application that is the worst.
func (s *Server) health() (worst pool.Health) {
	for _, app := range s.each() {
		h := app.pool.Health()
		if h.Last != nil && app.name != "" {
			h.Last = fmt.Errorf("app %s: %w", app.name, h.Last)
		}
		if h.Failures > worst.Failures || worst.Last == nil {
			worst = h
		}
	}
	return worst
}
