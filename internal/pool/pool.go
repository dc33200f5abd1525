package pool

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Options configure a Pool.
type Options[S any] struct {
	Size         int                    // processes to keep
	Generation   func() Generation[S]   // makes the first, and one for each reload
	QueueSize    int                    // requests that may wait; negative: none
	QueueTimeout time.Duration          // how long they may; 0: no limit
	DrainTimeout time.Duration          // how long a process that is replaced may take; 0: no limit
	WarmUp       func(Process[S]) error // makes a process ready that no client has; may be nil
	Recycle      Recycle

	// Renew has a new generation made when the processes of the current one die
	// young, where one stands for the code as it was when it was made.
	Renew bool

	// Number gives the next process its number, where those of several pools are counted
	// together. nil: the pool counts its own.
	Number func() int

	Logger *slog.Logger

	// TakeBack returns the requests that were given to a slot and that it has not
	// begun to those who had them sent: they release their leases and ask again.
	// nil: each request has a slot of its own.
	TakeBack func(S)
}

// Pool keeps processes and dispatches requests to their slots. Each process has
// a seat; a seat sees to it that there is one, of the current generation.
type Pool[S any] struct {
	dispatcher[S]
	opts      Options[S]
	work      sync.WaitGroup // seats, starts, reloads, and processes that are on their way out
	recycling chan struct{}  // holds one token: never two replacements at once

	ctx    context.Context // ends when no more processes are to be started
	cancel context.CancelFunc

	killing context.Context // ends when what is left is to be killed; its cause is the reason
	kill    context.CancelCauseFunc

	reloading sync.Mutex

	stateMu  sync.Mutex
	seats    []*seat[S]
	current  *generation[S]
	numbers  int // of the processes so far
	made     int // generations so far
	health   health
	starting chan error // of the first process of each seat, until Start returns
}

// New returns a pool without processes; Start makes them.
func New[S any](opts Options[S]) *Pool[S] {
	p := &Pool[S]{opts: opts, starting: make(chan error, max(opts.Size, 1)), recycling: make(chan struct{}, 1)}
	p.queueSize = max(opts.QueueSize, 0)
	p.queueTimeout = opts.QueueTimeout
	p.takeBack = opts.TakeBack
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.killing, p.kill = context.WithCancelCause(context.Background())
	return p
}

// Start makes the processes and returns when the first is ready. If one cannot
// be started before, Start fails with its error and nothing is left running.
func (p *Pool[S]) Start(ctx context.Context) error {
	if !p.open() {
		return ErrClosed
	}
	var err error
	select {
	case err = <-p.starting:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-p.ctx.Done():
		err = ErrClosed
	}
	if err != nil {
		p.Kill("the server did not start")
		return err
	}
	p.isUp()
	return nil
}

// open begins to keep the seats, unless the pool was stopped before.
func (p *Pool[S]) open() bool {
	if p.ctx.Err() != nil {
		return false
	}
	g := p.newGeneration()
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.current = g // a Kill lets go of it, also one that came before
	if p.ctx.Err() != nil {
		return true
	}
	p.addSeats(p.opts.Size)
	if p.opts.Size == 0 {
		p.starting <- nil // nothing to wait for
	}
	if p.opts.Recycle.watchesMemory() {
		p.work.Go(p.watchMemory)
	}
	return true
}

// addSeats is called with stateMu held.
func (p *Pool[S]) addSeats(n int) {
	for range n {
		s := newSeat(p)
		p.seats = append(p.seats, s)
		p.work.Go(s.keep)
	}
}

// newGeneration makes one. Being current counts as one user.
func (p *Pool[S]) newGeneration() *generation[S] {
	g := &generation[S]{Generation: p.opts.Generation(), users: 1}
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.made++
	g.number = p.made
	return g
}

// join has the current generation kept for one more process.
func (p *Pool[S]) join() *generation[S] {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.current.users++
	return p.current
}

// leave closes a generation that nobody uses any more.
func (p *Pool[S]) leave(g *generation[S]) {
	p.stateMu.Lock()
	g.users--
	last := g.users == 0
	p.stateMu.Unlock()
	if last {
		g.Close()
	}
}

// start makes a process of the current generation.
func (p *Pool[S]) start(ctx context.Context) (*member[S], error) { return p.startOf(ctx, p.join()) }

// startOf makes a process of a generation that the caller has joined.
func (p *Pool[S]) startOf(ctx context.Context, g *generation[S]) (*member[S], error) {
	process, err := g.Start(ctx)
	if err == nil && p.opts.WarmUp != nil {
		err = p.warmUp(ctx, process)
	}
	if err != nil {
		p.leave(g)
		return nil, err
	}
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.numbers++
	number := p.numbers
	if p.opts.Number != nil {
		number = p.opts.Number()
	}
	return newMember(process, g, number, p.opts.Recycle), nil
}

// warmUp makes a process ready, or ends it. One whose warm-up hangs ends with ctx.
func (p *Pool[S]) warmUp(ctx context.Context, process Process[S]) error {
	stop := context.AfterFunc(ctx, func() { process.Kill("it is not wanted any more") })
	err := p.opts.WarmUp(process)
	if !stop() {
		err = cmp.Or(context.Cause(ctx), err)
	}
	if err == nil {
		return nil
	}
	process.Kill("its warm-up failed")
	<-process.Exited()
	process.CloseSlots()
	return err
}

// Stop ends the processes when their requests are done, and waits for that.
// When ctx ends first, what is left is killed and the error is returned. With one that
// has ended already that is what was wanted, and no reason is given.
func (p *Pool[S]) Stop(ctx context.Context) error {
	reason := "it did not end within the drain time"
	if ctx.Err() != nil {
		reason = ""
	}
	p.end()
	gone := make(chan struct{})
	go func() { p.work.Wait(); p.dissolve(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		p.kill(errors.New(reason))
		<-gone
		return context.Cause(ctx)
	}
}

// end has nothing begin any more: p.work does not grow from nothing afterwards.
func (p *Pool[S]) end() {
	p.close()
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.cancel()
}

// Kill ends all processes at once, during a Stop as well.
func (p *Pool[S]) Kill(reason string) {
	p.end()
	p.kill(errors.New(reason))
	p.work.Wait()
	p.dissolve()
}

// dissolve lets go of the current generation, once.
func (p *Pool[S]) dissolve() {
	p.stateMu.Lock()
	g := p.current
	p.current = nil
	p.stateMu.Unlock()
	if g != nil {
		p.leave(g)
	}
}

// IsOverload says whether err means that the server has more to do than it can.
func IsOverload(err error) bool {
	return errors.Is(err, ErrQueueFull) || errors.Is(err, ErrQueueTimeout) || errors.Is(err, ErrClosed) ||
		errors.Is(err, ErrFailing)
}
