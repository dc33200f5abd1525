package pool

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A process that lived this long was well: the next one's start is not delayed.
const healthyAfter = 10 * time.Second

// The delays before a replacement: none the first time, then growing.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 30 * time.Second
)

// Options configure a Pool.
type Options[S any] struct {
	Size         int // processes to keep
	Start        Starter[S]
	QueueSize    int           // requests that may wait; negative: none
	QueueTimeout time.Duration // how long they may; 0: no limit
	Logger       *slog.Logger

	// TakeBack returns the requests that were given to a slot and that it has not
	// begun, but for the first, to those who had them sent: they release their
	// leases and ask again. nil: each request has a slot of its own.
	TakeBack func(S)
}

// Pool keeps Size processes and dispatches requests to their slots.
type Pool[S any] struct {
	dispatcher[S]
	opts  Options[S]
	seats sync.WaitGroup
	ready chan error  // of the first process of each seat
	up    atomic.Bool // the first process became ready

	ctx    context.Context // ends when no more processes are to be started
	cancel context.CancelFunc

	killing context.Context // ends when what is left is to be killed; its cause is the reason
	kill    context.CancelCauseFunc
}

// New returns a pool without processes; Start makes them.
func New[S any](opts Options[S]) *Pool[S] {
	p := &Pool[S]{opts: opts, ready: make(chan error, opts.Size)}
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
	case err = <-p.ready:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-p.ctx.Done():
		err = ErrClosed
	}
	p.up.Store(err == nil)
	if err != nil {
		p.Kill("the server did not start")
	}
	return err
}

// open begins to keep the seats, unless the pool was stopped before.
func (p *Pool[S]) open() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	for range p.opts.Size {
		p.seats.Go(func() { p.keep(p.ctx) })
	}
	return true
}

// keep holds one seat: a process, and after its end another, until the pool stops.
func (p *Pool[S]) keep(ctx context.Context) {
	var delay backoff
	for first := true; ctx.Err() == nil; first = false {
		process, err := p.opts.Start(ctx)
		if first {
			p.ready <- err
		}
		if err != nil {
			if ctx.Err() == nil && p.up.Load() {
				p.opts.Logger.Error("a worker could not be started: "+err.Error(), "retry_in", delay.peek())
			}
			if !sleep(ctx, delay.next()) {
				return
			}
			continue
		}
		began := time.Now()
		p.serve(process)
		if time.Since(began) >= healthyAfter {
			delay = backoff{}
		}
		if !sleep(ctx, delay.next()) {
			return
		}
	}
}

// serve lets the process take requests until it ends or the pool stops.
func (p *Pool[S]) serve(process Process[S]) {
	// Each seat sees to its own, also to one that became ready too late.
	stop := context.AfterFunc(p.killing, func() { process.Kill(context.Cause(p.killing).Error()) })
	defer stop()
	m := p.add(process)
	select {
	case <-process.Exited():
		p.remove(m)
	case <-p.ctx.Done():
		p.remove(m)
		select {
		case <-m.drained:
			process.Stop()
			<-process.Exited()
		case <-process.Exited():
		}
	}
	// The replacement does not wait for requests whose clients read slowly.
	p.seats.Go(func() { <-m.drained; process.CloseSlots() })
}

// Stop ends the processes when their requests are done, and waits for that.
// When ctx ends first, what is left is killed and the error is returned.
func (p *Pool[S]) Stop(ctx context.Context) error {
	p.close()
	p.cancel()
	gone := make(chan struct{})
	go func() { p.seats.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		p.kill(errors.New("it did not end within the drain time"))
		<-gone
		return context.Cause(ctx)
	}
}

// Kill ends all processes at once, during a Stop as well.
func (p *Pool[S]) Kill(reason string) {
	p.close()
	p.cancel()
	p.kill(errors.New(reason))
	p.seats.Wait()
}

// backoff grows from nothing.
type backoff struct{ last, upcoming time.Duration }

func (b *backoff) peek() time.Duration { return b.upcoming }

func (b *backoff) next() time.Duration {
	b.last = b.upcoming
	b.upcoming = min(max(2*b.last, firstDelay), maxDelay)
	return b.last
}

// sleep waits and reports whether ctx is still good.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// IsOverload says whether err means that the server has more to do than it can.
func IsOverload(err error) bool {
	return errors.Is(err, ErrQueueFull) || errors.Is(err, ErrQueueTimeout) || errors.Is(err, ErrClosed)
}
