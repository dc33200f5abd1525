package highball

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"highball/internal/front"
	"highball/internal/listen"
)

// run is one call of Server.Run.
type run struct {
	s         *Server
	front     *front.Server
	listeners []net.Listener
	end       context.CancelFunc // begins an orderly stop

	stopOnce sync.Once
	stopped  chan struct{} // closed when the stop has ended
	stopErr  error
	cut      bool // requests did not finish in time
}

// Run listens on Config.Bind, starts the workers and serves until ctx ends or
// Shutdown is called. Then it stops accepting, lets requests finish within
// Config.DrainTimeout, ends the workers and returns nil. Connections that come
// while the workers start wait in the sockets' backlogs.
func (s *Server) Run(ctx context.Context) error {
	r := &run{s: s, front: front.New(s, s.logger), stopped: make(chan struct{})}
	if !s.runCalled.CompareAndSwap(false, true) {
		return errors.New("highball: Run was called twice")
	}
	if err := r.listen(ctx); err != nil {
		r.closeListeners()
		return err
	}
	s.running.Store(r) // from here on Shutdown works through it
	ctx, cancel := r.untilClosed(ctx)
	defer cancel()
	r.end = cancel
	endControl, err := r.openControl()
	if err != nil {
		r.closeListeners()
		return err
	}
	defer endControl()
	if err := s.Start(ctx); err != nil {
		r.closeListeners()
		if ctx.Err() != nil {
			return nil // told to stop before it was up
		}
		return err
	}
	return r.serve(ctx)
}

// untilClosed ends the context when the Server is shut down as well.
func (r *run) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-r.s.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (r *run) listen(ctx context.Context) error {
	for _, bind := range r.s.cfg.Bind {
		address, err := listen.Parse(bind)
		if err != nil {
			return err
		}
		l, err := listen.Listen(ctx, address)
		if err != nil {
			return err
		}
		r.listeners = append(r.listeners, l)
	}
	return nil
}

// addresses are the URLs that the run answers on.
func (r *run) addresses() (urls []string) {
	for i, l := range r.listeners {
		if address, err := listen.Parse(r.s.cfg.Bind[i]); err == nil {
			urls = append(urls, address.Bound(l).URL())
		}
	}
	return urls
}

func (r *run) closeListeners() {
	for _, l := range r.listeners {
		_ = l.Close()
	}
}

func (r *run) serve(ctx context.Context) error {
	failed := make(chan error, len(r.listeners))
	for i, l := range r.listeners {
		address, _ := listen.Parse(r.s.cfg.Bind[i])
		go func() {
			if err := r.front.Serve(l); err != nil {
				failed <- err
			}
		}()
		r.s.logger.Info("listening on " + address.Bound(l).URL())
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		r.goOn(r.s.cfg.ShutdownDelay)
	}
	drain, cancel := r.s.drainContext()
	defer cancel()
	if stopErr := r.stop(drain); errors.Is(stopErr, errDrain) && r.cut {
		r.s.logger.Warn("requests were cut: they did not finish within the drain time",
			"drain_timeout", r.s.cfg.DrainTimeout)
	}
	return err
}

// goOn serves for a while as before, so that balancers notice that the server is
// about to stop. Shutdown and Close end it.
func (r *run) goOn(delay time.Duration) {
	r.s.draining.Store(true)
	if delay <= 0 {
		return
	}
	r.s.logger.Info("stopping: requests are served for a while yet", "shutdown_delay", delay)
	select {
	case <-time.After(delay):
	case <-r.s.closed:
	}
}

// stop drains; a second call, with a context that ends sooner, hurries the first.
func (r *run) stop(ctx context.Context) error {
	hurried, hurry := context.WithCancelCause(ctx)
	defer hurry(nil)
	first := false
	r.stopOnce.Do(func() { first = true })
	if !first {
		select {
		case <-r.stopped:
			return r.stopErr
		case <-hurried.Done():
			_ = r.front.Close()
			r.s.pool.Kill("the server was told to stop at once")
			<-r.stopped
			return context.Cause(ctx)
		}
	}
	defer close(r.stopped)
	r.stopErr = r.drain(hurried)
	return r.stopErr
}

// drain lets requests finish until ctx ends. Then the workers are killed, the
// handlers get a moment to say so to their clients, and those that wait for a
// client are cut.
func (r *run) drain(ctx context.Context) error {
	err := r.front.Shutdown(ctx)
	if err != nil {
		r.cut = true
		err = context.Cause(ctx)
		cut := time.AfterFunc(closedGrace, func() { _ = r.front.Close() })
		defer cut.Stop()
	}
	stopErr := r.s.stopWorkers(ctx)
	if err != nil {
		grace, cancel := context.WithTimeout(context.Background(), closedGrace)
		defer cancel()
		_ = r.front.Shutdown(grace)
		_ = r.front.Close()
	}
	r.closeListeners()
	return errors.Join(err, stopErr)
}
