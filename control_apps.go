package highball

import "highball/internal/control"

// apps are the parts of several applications in the status.
func (t *target) apps() (all []control.App) {
	for i, app := range t.s.apps {
		place := t.s.cfg.Apps[i]
		part := control.App{
			Name: app.name, Hosts: place.Hosts, Path: place.Path + "/", State: app.state(),
			Python: app.interpreter.Path, Generation: app.pool.Generation(),
			Queue:    control.Queue{Waiting: app.pool.Load().Queued, Size: app.queueSize()},
			Requests: control.Traffic{InFlight: len(app.gateway.InFlight()), Served: app.gateway.Served()},
		}
		if target := app.application.Load(); target != nil {
			part.Application = *target
		}
		if place.Path != "" {
			part.Path = place.Path
		}
		part.LastError, part.Retry = troubles(app.pool.Health())
		all = append(all, part)
	}
	return all
}

// state is that of an application among several.
func (s *Server) state() string {
	switch {
	case !s.started.Load():
		return control.StateStarting
	case s.pool.Health().Failing():
		return control.StateFailing
	}
	return control.StateReady
}

// queueSize is how many requests may wait for a worker.
func (s *Server) queueSize() (size int) {
	for _, app := range s.each() {
		size += max(app.cfg.QueueSize, 0)
	}
	return size
}
