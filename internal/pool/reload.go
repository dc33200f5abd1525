package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrReloading says that a reload is in progress.
var ErrReloading = errors.New("a reload is in progress")

// Reload replaces all processes by those of a new generation. If the new code
// does not start, nothing changes and the error says why. Rolling replaces one
// process after the other, for where memory does not hold two generations: it
// waits for the end of each before it starts the next. Else all new ones are
// ready before the first takes a request.
func (p *Pool[S]) Reload(ctx context.Context, rolling bool) error {
	if !p.reloading.TryLock() {
		return ErrReloading
	}
	defer p.reloading.Unlock()
	if !p.enter() {
		return ErrClosed
	}
	defer p.work.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ctx, func() { cancel(ErrClosed) })()

	n := p.Size()
	if rolling {
		n = min(n, 1)
		select {
		case p.recycling <- struct{}{}: // nor may a replacement run beside it
			defer func() { <-p.recycling }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	g := p.newGeneration()
	fresh, err := p.startAll(ctx, g, n)
	if err != nil {
		p.leave(g)
		return err
	}
	old, seats := p.switchTo(g)
	defer p.leave(old)
	return p.seatAll(ctx, seats, fresh, order[S]{reason: "reload", patient: rolling})
}

// enter has Stop wait for the caller, who calls work.Done; false if it is too late.
func (p *Pool[S]) enter() bool {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.current == nil || p.ctx.Err() != nil {
		return false
	}
	p.work.Add(1)
	return true
}

// startAll starts n processes of a generation, all or none.
func (p *Pool[S]) startAll(ctx context.Context, g *generation[S], n int) ([]*member[S], error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	members := make([]*member[S], n)
	var wg sync.WaitGroup
	for i := range n {
		p.use(g)
		wg.Go(func() {
			m, err := p.startOf(ctx, g)
			if err != nil {
				cancel(err) // the first cause is the one that counts
			}
			members[i] = m
		})
	}
	wg.Wait()
	for _, m := range members {
		if m != nil && m.exited() {
			cancel(errors.New("a new worker ended before the others were ready"))
		}
	}
	err := context.Cause(ctx)
	if err == nil {
		return members, nil
	}
	for _, m := range members {
		if m != nil {
			m.process.Kill("another of its generation did not start")
			p.retire(m, "another of its generation did not start")
		}
	}
	return nil, err
}

func (p *Pool[S]) use(g *generation[S]) {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	g.users++
}

// switchTo makes g the generation of all starts from now on, and returns the one
// before, which the caller leaves, and the seats that may have processes of it.
func (p *Pool[S]) switchTo(g *generation[S]) (old *generation[S], seats []*seat[S]) {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	old, p.current = p.current, g
	p.health.forget()
	return old, slices.Clone(p.seats)
}

// seatAll gives the seats to the new processes. When there are no more of these,
// it starts others, one after the other.
func (p *Pool[S]) seatAll(ctx context.Context, seats []*seat[S], fresh []*member[S], o order[S]) error {
	var problems []error
	for i, s := range seats {
		if i < len(fresh) {
			o.instead = fresh[i]
		} else if next, err := p.startFor(ctx, s); err != nil {
			problems = append(problems, fmt.Errorf("seat %d: %w", i+1, err))
			continue
		} else if o.instead = next; next == nil {
			continue
		}
		o.done = make(chan error, 1)
		// A seat answers at once: what is ready must not be forgotten for a context.
		if s.order(context.Background(), o) != nil {
			p.retire(o.instead, fewer)
			continue
		}
		select {
		case <-o.done:
		case <-ctx.Done(): // the old process takes too long
		}
	}
	for _, m := range fresh[min(len(seats), len(fresh)):] {
		p.retire(m, fewer)
	}
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	return errors.Join(problems...)
}

// startFor starts a process for a seat, unless that is given up.
func (p *Pool[S]) startFor(ctx context.Context, s *seat[S]) (*member[S], error) {
	if s.ctx.Err() != nil {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return p.start(ctx)
}
