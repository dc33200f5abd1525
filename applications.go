package highball

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"highball/internal/front"
	"highball/internal/gateway"
	"highball/internal/pool"
	"highball/internal/worker"
)

// serveApps makes the applications, and what finds the one that a request is for.
func (s *Server) serveApps() error {
	s.gateway = gateway.New(gateway.Options{
		Nobody: true, Bodies: s.cfg.bodies(s.spool), ClosesInOrder: front.ClosesInOrder, Refused: front.Refused,
		ResponseBudget: s.cfg.responseBudget(), Logger: s.logger, OnDone: s.onDone(),
	})
	var handlers []http.Handler
	for _, app := range s.cfg.Apps {
		one, err := s.newApplication(app)
		if err != nil {
			return fmt.Errorf("app %s: %w", app.Name, err)
		}
		s.apps = append(s.apps, one)
		handlers = append(handlers, one.serving)
	}
	return s.serveBehindStatic(newRoutes(s.cfg.ScriptName, s.cfg.Apps, handlers, s.gateway))
}

// newApplication makes the server of one of several applications.
func (s *Server) newApplication(app App) (*Server, error) {
	cfg := s.cfg.Alone(app)
	cfg.Logger = s.logger.With("app", app.Name)
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	one := newServer(cfg)
	one.whole, one.name, one.children, one.spool = s, app.Name, s.children, s.spool
	if i := slices.IndexFunc(app.Hosts, func(host string) bool { return !strings.HasPrefix(host, "*") }); i >= 0 {
		one.host = app.Hosts[i]
	}
	return one, one.serveOne()
}

// each are the servers that have workers: those of the applications, or this one alone.
func (s *Server) each() []*Server {
	if len(s.apps) > 0 {
		return s.apps
	}
	return []*Server{s}
}

// gateways are all that requests have come to.
func (s *Server) gateways() (all []*gateway.Gateway) {
	if len(s.apps) > 0 {
		all = append(all, s.gateway)
	}
	for _, app := range s.each() {
		all = append(all, app.gateway)
	}
	return all
}

// nextNumber counts the workers of all applications.
func (s *Server) nextNumber() int { return int(s.numbers.Add(1)) }

// ErrNoApp says that no application has the name that was asked for.
var ErrNoApp = errors.New("highball: no such application")

// app returns the server of an application; of the whole for "".
func (s *Server) app(name string) (*Server, error) {
	if name == "" {
		return s, nil
	}
	var names []string
	for _, app := range s.apps {
		if app.name == name {
			return app, nil
		}
		names = append(names, app.name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: %q: there is only one, which has no name", ErrNoApp, name)
	}
	return nil, fmt.Errorf("%w: %q is none of %s", ErrNoApp, name, strings.Join(names, ", "))
}

// startApps starts all applications. If one does not start, none serves.
func (s *Server) startApps(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var starting sync.WaitGroup
	for _, app := range s.apps {
		starting.Go(func() {
			if err := app.Start(ctx); err != nil {
				cancel(fmt.Errorf("app %s: %w", app.name, err)) // the first cause is the one that counts
			}
		})
	}
	starting.Wait()
	if err := context.Cause(ctx); err != nil {
		s.kill("another application did not start")
		return err
	}
	s.watchMemory()
	return nil
}

// watchMemory has the budget be that of all applications together.
func (s *Server) watchMemory() {
	if s.cfg.MemoryBudget <= 0 {
		return
	}
	var pools []*pool.Pool[*worker.Slot]
	for _, app := range s.apps {
		pools = append(pools, app.pool)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stopWatching = cancel
	go pool.WatchTotal(ctx, s.cfg.MemoryBudget, pools...)
}

// reloadApps reloads all applications, one after the other so that memory has to hold
// but one of them twice. One whose new code does not start keeps its old code.
func (s *Server) reloadApps(ctx context.Context) error {
	var errs []error
	for _, app := range s.apps {
		if err := app.reloadAfterOthers(ctx); err != nil {
			errs = append(errs, fmt.Errorf("app %s: %w", app.name, err))
		}
	}
	return errors.Join(errs...)
}

// reloadAfterOthers waits for a reload of the application that is in progress: it may
// have read the code before it was changed.
func (s *Server) reloadAfterOthers(ctx context.Context) error {
	ticker := time.NewTicker(reloadLook)
	defer ticker.Stop()
	for {
		err := s.reloadCode(ctx)
		if !errors.Is(err, ErrReloading) {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ReloadApp is [Server.Reload] for one of several applications; "" is all of them.
func (s *Server) ReloadApp(ctx context.Context, name string) error {
	app, err := s.app(name)
	switch {
	case err != nil:
		return err
	case app == s:
		return s.Reload(ctx)
	case !s.started.Load():
		return ErrNotStarted
	}
	return app.reloadCode(ctx)
}

// ScaleApp is [Server.Scale] for one of several applications; "" is all of them.
func (s *Server) ScaleApp(name string, n int) error {
	app, err := s.app(name)
	if err != nil {
		return err
	}
	if app != s && app.started.Load() && n <= maxWorkers {
		app.share.Store(int64(n))
	}
	return app.Scale(n)
}

// scaleApps divides n workers among the applications, as they were divided when each was
// last told of its own number.
func (s *Server) scaleApps(n int) error {
	if n > 0 && n < len(s.apps) {
		return fmt.Errorf("highball: %d workers are too few for %d applications: want one for each, or 0", n, len(s.apps))
	}
	if n > maxWorkers {
		return fmt.Errorf("highball: %d workers are too many: want at most %d", n, maxWorkers)
	}
	var errs []error
	for i, size := range divide(n, s.shares()) {
		if app := s.apps[i]; app.pool.Size() != size {
			errs = append(errs, app.Scale(size))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) shares() []int {
	shares := make([]int, len(s.apps))
	for i, app := range s.apps {
		shares[i] = int(app.share.Load())
	}
	return shares
}

// divide gives each of n to whom most is missing of his share; if n is enough, everybody
// has at least one.
func divide(n int, shares []int) []int {
	parts := make([]int, len(shares))
	for i := range parts {
		if n >= len(parts) {
			parts[i] = 1
		}
	}
	for range n - len(parts) {
		best := 0
		for i := range parts {
			// parts/shares is least: in whole numbers, and a share of nothing is one of a little
			if (parts[i]+1)*max(shares[best], 1) < (parts[best]+1)*max(shares[i], 1) {
				best = i
			}
		}
		parts[best]++
	}
	return parts
}
