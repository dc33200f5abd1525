package highball

import (
	"context"
	"errors"
	"fmt"
	"time"

	"highball/internal/pool"
)

// ErrReloading says that a reload was asked for while another is in progress.
var ErrReloading = errors.New("highball: a reload is in progress")

// ErrNotStarted says that the Server has no workers yet.
var ErrNotStarted = errors.New("highball: the server has not been started")

// Reload starts workers with the code as it is now and, when they are ready, has
// them take the place of the old ones, which finish the requests that they have.
// If the new code does not start, the old workers serve on and the error says
// why: a [*LoadError] for an application that cannot be loaded. No request is
// refused or lost either way. Certificates that have changed are read again first.
// Several applications are reloaded one after the other; one whose new code does not
// start does not keep the others from theirs, and the error names it.
func (s *Server) Reload(ctx context.Context) error {
	if !s.started.Load() {
		return ErrNotStarted
	}
	if s.cfg.Attached != nil {
		s.logger.Error("no reload: " + errAttached.Error())
		return errAttached
	}
	if s.certificates != nil {
		s.certificates.Reload() // who renews them may tell so by a reload
	}
	if !s.reloading.TryLock() {
		return ErrReloading // before the log says that one begins
	}
	defer s.reloading.Unlock()
	if err := s.trust.Reload(); err != nil {
		s.logger.Error("reload failed, the old code serves on: " + err.Error())
		return err
	}
	s.automatic.look()
	if len(s.apps) > 0 {
		return s.reloadApps(ctx)
	}
	return s.replaceAll(ctx)
}

// reloadCode is Reload for an application alone.
func (s *Server) reloadCode(ctx context.Context) error {
	if !s.started.Load() {
		return ErrNotStarted
	}
	if !s.reloading.TryLock() {
		return ErrReloading
	}
	defer s.reloading.Unlock()
	return s.replaceAll(ctx)
}

// replaceAll replaces the workers.
func (s *Server) replaceAll(ctx context.Context) error {
	s.logger.Info("reload: starting workers with the new code", "mode", s.cfg.ReloadMode)
	began := time.Now()
	s.static.hold()
	defer s.hooks.reloads()()
	err := s.pool.Reload(ctx, s.cfg.ReloadMode == Rolling)
	s.static.release(err == nil)
	switch {
	case errors.Is(err, pool.ErrReloading):
		return ErrReloading
	case errors.Is(err, pool.ErrClosed):
		return ErrClosed
	case err != nil && ctx.Err() != nil: // whoever wanted it has left, or the server is about to stop
		s.logger.Info("reload: given up, the old code serves on", "cause", context.Cause(ctx))
		return err
	case err != nil:
		err = public(err)
		s.tellFailed(err)
		return err
	}
	if s.changes != nil {
		s.changes.failure.Store(nil) // whoever has asked for the reload
	}
	s.codes.serve()
	message := "reload: the new code serves"
	if s.broken.Load() {
		message = "reload: a page says why the new code does not load"
	}
	s.logger.Info(message, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// Scale changes the number of workers, to at most 1024. With 0 requests wait in the queue.
// Several applications have their shares of them, each at least one unless n is 0.
func (s *Server) Scale(n int) error {
	if !s.started.Load() {
		return ErrNotStarted
	}
	if n > maxWorkers {
		return fmt.Errorf("highball: %d workers are too many: want at most %d", n, maxWorkers)
	}
	if len(s.apps) > 0 {
		return s.scaleApps(n)
	}
	if s.cfg.Attached != nil && s.cfg.Attached.InThreads {
		return errors.New("highball: the number of workers is 1: the application is served in threads of the process that made it")
	}
	before := s.pool.Size()
	s.hooks.resized(n) // before the first fork
	if err := s.pool.Scale(n); err != nil {
		return fmt.Errorf("highball: %w", err)
	}
	s.logger.Info("workers", "workers", n, "before", before)
	return nil
}

// Workers is the number of workers that are kept.
func (s *Server) Workers() (n int) {
	for _, app := range s.each() {
		n += app.pool.Size()
	}
	return n
}

func (c *Config) recycle() pool.Recycle {
	return pool.Recycle{
		Requests: c.MaxRequests, Jitter: max(c.MaxRequestsJitter, 0), Lifetime: c.MaxWorkerLifetime,
		Memory: c.MaxWorkerMemory, Total: max(c.MemoryBudget, 0),
	}
}
