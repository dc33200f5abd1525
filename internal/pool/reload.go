package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrReloading says that a reload is in progress.
var ErrReloading = errors.New("a reload is in progress")

// Reload replaces all processes by those of a new generation. If the new code
// does not start, nothing changes and the error says why. Rolling replaces one
// process after the other, for where memory does not hold two generations; else
// all new ones are ready before the first takes a request.
func (p *Pool[S]) Reload(ctx context.Context, rolling bool) error {
	if !p.reloading.TryLock() {
		return ErrReloading
	}
	defer p.reloading.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.ctx, cancel)()

	p.stateMu.Lock()
	if p.current == nil || p.ctx.Err() != nil {
		p.stateMu.Unlock()
		return ErrClosed
	}
	g, n := p.newGeneration(), len(p.seats)
	p.stateMu.Unlock()
	if rolling {
		n = min(n, 1)
	}
	fresh, err := p.startAll(ctx, g, n)
	if err != nil {
		p.leave(g)
		return err
	}
	old := p.switchTo(g)
	defer p.leave(old)
	return p.seatAll(ctx, fresh)
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

// switchTo makes g the generation of all starts from now on. The caller leaves
// the one before.
func (p *Pool[S]) switchTo(g *generation[S]) *generation[S] {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	old := p.current
	p.current = g
	p.health.Health = Health{}
	return old
}

// seatAll gives the new processes the places of the old ones. Where there are
// fewer, the other seats start theirs, one after the other.
func (p *Pool[S]) seatAll(ctx context.Context, fresh []*member[S]) error {
	var problems []error
	for i, s := range p.seated() {
		done := make(chan error, 1)
		o := order[S]{reason: "reload", done: done}
		if i < len(fresh) {
			o.instead = fresh[i]
		}
		if !s.order(o) {
			continue
		}
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, ErrClosed) {
				problems = append(problems, fmt.Errorf("seat %d: %w", i+1, err))
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return errors.Join(problems...)
}

func (p *Pool[S]) seated() []*seat[S] {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	return append([]*seat[S](nil), p.seats...)
}

// Scale changes how many processes are kept.
func (p *Pool[S]) Scale(n int) error {
	if n < 0 {
		return fmt.Errorf("%d workers: want 0 or more", n)
	}
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.ctx.Err() != nil {
		return ErrClosed
	}
	if more := n - len(p.seats); more > 0 {
		p.addSeats(more)
		return nil
	}
	for _, s := range p.seats[n:] {
		s.giveUp()
	}
	p.seats = p.seats[:n]
	return nil
}

// Replace has another process in the place of the one with this number, and Drain
// ends it first. Both return when the seat has its next process, or none.
func (p *Pool[S]) Replace(ctx context.Context, number int, reason string) error {
	return p.orderFor(ctx, number, order[S]{reason: reason})
}

// Drain lets a process finish its requests and end; then its seat starts another.
func (p *Pool[S]) Drain(ctx context.Context, number int, reason string) error {
	return p.orderFor(ctx, number, order[S]{reason: reason, last: true})
}

func (p *Pool[S]) orderFor(ctx context.Context, number int, o order[S]) error {
	for _, m := range p.admitted() {
		if m.number != number {
			continue
		}
		done := make(chan error, 1)
		o.member, o.done = m, done
		if !m.seat.order(o) {
			return ErrClosed
		}
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("there is no worker %d", number)
}

// order puts an order before the seat; false if that has been given up.
func (s *seat[S]) order(o order[S]) bool {
	select {
	case s.orders <- o:
		return true
	case <-s.ctx.Done():
		if o.instead != nil {
			s.pool.retire(o.instead, "the server stops")
		}
		return false
	}
}
