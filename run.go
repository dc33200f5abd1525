package highball

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/front"
	"highball/internal/listen"
)

// run is one call of Server.Run.
type run struct {
	s          *Server
	front      *front.Server
	listeners  []*listen.Socket   // one for each of Config.Bind but those of HTTP/3
	binds      []listen.Bind      // what these are
	packets    []*listen.Packet   // those of HTTP/3
	control    *listen.Socket     // nil: none
	inherited  []string           // the names of those that were open already
	handedOver atomic.Bool        // another process serves from now on
	end        context.CancelFunc // begins an orderly stop

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
	r := &run{s: s, stopped: make(chan struct{})}
	r.front = front.New(s.automatic.answering(s.proxied(r.secured(s.serving))), s.cfg.front())
	if !s.runCalled.CompareAndSwap(false, true) {
		return errors.New("highball: Run was called twice")
	}
	r.front.Borrow() // the gateway keeps nothing
	if err := r.open(ctx); err != nil {
		r.closeListeners()
		return err
	}
	r.announceHTTP3()
	if err := s.checkReadable(); err != nil {
		r.closeListeners()
		return err
	}
	s.running.Store(r) // from here on Shutdown works through it
	ctx, cancel := r.untilClosed(ctx)
	defer cancel()
	r.end = cancel
	defer r.keepCertificates()()
	defer func() {
		cancel() // what it runs ends with that
		s.automatic.end()
	}()
	control := r.newControl()
	defer control.end()
	if r.control != nil && !r.control.Shared() {
		control.serve() // else the process that has the socket answers yet
	}
	if err := r.start(ctx); err != nil {
		r.closeListeners()
		if ctx.Err() != nil {
			return nil // told to stop before it was up
		}
		return err
	}
	control.serve()
	return r.serve(ctx)
}

// isGuest says whether another process serves the same sockets meanwhile.
func (r *run) isGuest() bool { return len(r.inherited) > 0 }

// start starts the workers. A guest does not serve before it has all of them: the
// other process does.
func (r *run) start(ctx context.Context) error {
	for _, app := range r.s.each() {
		if app.changes != nil {
			app.changes.watch(ctx)
		}
	}
	if err := r.s.Start(ctx); err != nil || !r.isGuest() {
		return err
	}
	for _, app := range r.s.each() {
		select {
		case <-app.allUp:
		case <-ctx.Done():
			// The workers that are there have served nothing.
			_ = r.s.stopWorkers(ctx)
			return ctx.Err()
		}
	}
	return nil
}

// followChanges reloads when files change; what it returns ends that.
func (r *run) followChanges(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	for _, app := range r.s.each() {
		if app.changes != nil {
			go app.changes.run(ctx)
		}
	}
	return func() {
		cancel()
		for _, app := range r.s.each() {
			if app.changes != nil {
				app.changes.end()
			}
		}
	}
}

// untilClosed ends the context when the Server is shut down as well.
func (r *run) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-r.s.closed:
			cancel()
		case <-r.s.attachedGone():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// open has the order that privileges need: what root alone may open first, and
// Python last.
func (r *run) open(ctx context.Context) error {
	if err := r.listen(ctx); err != nil {
		return err
	}
	r.tellBacklog()
	r.tellRedirect()
	if r.s.cfg.BeforeWorkers == nil {
		return nil
	}
	if err := r.s.cfg.BeforeWorkers(); err != nil {
		return err
	}
	return r.s.checkSpool()
}

// listen opens the sockets, or takes them of Config.Sockets.
func (r *run) listen(ctx context.Context) error {
	given, err := listen.NewInherited(r.s.cfg.given())
	if err != nil {
		return err
	}
	defer given.Close()
	for _, bind := range r.s.cfg.Bind {
		b, err := listen.ParseBind(bind)
		if err != nil {
			return err
		}
		if b.Protocol == listen.H3 {
			err = r.listenPacket(ctx, given, b.Address)
		} else {
			err = r.listenOn(ctx, given, b)
		}
		if err != nil {
			return err
		}
	}
	if err := r.listenForControl(ctx, given); err != nil {
		return err
	}
	r.tellLeft(given)
	return nil
}

// listenOn opens what an entry of Config.Bind names, or takes it of what was given.
func (r *run) listenOn(ctx context.Context, given *listen.Inherited, b listen.Bind) error {
	taken := given.TakeAll(ctx, b.Address)
	for _, l := range taken {
		r.add(b, l)
		if l.Served() {
			r.inherited = append(r.inherited, l.Name())
		}
		options := b.Options
		if !l.Held() {
			options = r.s.cfg.socketOptions(b)
		}
		if err := l.Adjust(options); err != nil {
			return err
		}
	}
	if len(taken) > 0 {
		return nil
	}
	l, err := listen.Listen(ctx, b.Address, r.s.cfg.socketOptions(b))
	if err == nil {
		r.add(b, l)
	}
	return err
}

func (r *run) add(b listen.Bind, l *listen.Socket) {
	r.binds = append(r.binds, b.Bound(l))
	r.listeners = append(r.listeners, l)
}

// tellLeft names what a service manager listens on for nobody.
func (r *run) tellLeft(given *listen.Inherited) {
	for _, name := range given.Left() {
		r.s.logger.Warn("a socket was given to this process that no bind names: its clients wait for nobody", "socket", name)
	}
}

// listening says how the connections of a socket are to be served.
func (r *run) listening(b listen.Bind) front.Listening {
	var how front.Listening
	switch b.Protocol {
	case listen.HTTPS:
		how.TLS = r.s.certificates.Config(append([]string{"h2", "http/1.1"}, r.s.automatic.protocols()...)...)
		how.Variables = r.s.certificates.Variables
	case listen.UWSGI:
		how.UWSGI = r.s.speaksForOthers
	}
	if b.Proxied {
		how.Proxied = r.s.trust.Trusts
	}
	return how
}

// take takes an open socket for the control socket; nil if there is none.
func (r *run) take(ctx context.Context, given *listen.Inherited, address listen.Address) *listen.Socket {
	l := given.Take(ctx, address)
	if l != nil {
		r.inherited = append(r.inherited, l.Name())
	}
	return l
}

// addresses are the URLs that the run answers on.
func (r *run) addresses() (urls []string) {
	for _, b := range r.binds {
		urls = append(urls, b.URL())
	}
	for _, p := range r.packets {
		urls = append(urls, p.URL())
	}
	return urls
}

// sockets are all that the run listens on.
func (r *run) sockets() []*listen.Socket {
	if r.control == nil {
		return r.listeners
	}
	return append(slices.Clip(r.listeners), r.control)
}

func (r *run) closeListeners() {
	for _, l := range r.sockets() {
		_ = l.Close()
	}
	for _, p := range r.packets {
		_ = p.Close()
	}
}

func (r *run) serve(ctx context.Context) error {
	failed := make(chan error, len(r.listeners)+len(r.packets))
	var accept []func() error
	for _, p := range r.packets {
		accept = append(accept, r.front.AddQUIC(p, r.listeningQUIC()))
	}
	for i, l := range r.listeners {
		accept = append(accept, r.front.Add(l, r.listening(r.binds[i]))) // all of them before a stop can begin
	}
	for _, serve := range accept {
		go func() {
			if err := serve(); err != nil {
				failed <- err
			}
		}()
	}
	r.s.automatic.begin(ctx)
	defer r.followChanges(ctx)()
	close(r.s.ready) // before the lines: who has seen one may ask for anything
	for _, address := range r.addresses() {
		r.s.logger.Info("listening on " + address)
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
	if delay <= 0 || r.handedOver.Load() {
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
			r.s.kill("the server was told to stop at once")
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
		cut := time.AfterFunc(graceOf(ctx), func() { _ = r.front.Close() })
		defer cut.Stop()
	}
	stopErr := r.s.stopWorkers(ctx)
	if err != nil {
		grace, cancel := context.WithTimeout(context.Background(), graceOf(ctx))
		defer cancel()
		_ = r.front.Shutdown(grace)
		_ = r.front.Close()
	}
	r.closeListeners()
	return errors.Join(err, stopErr)
}
