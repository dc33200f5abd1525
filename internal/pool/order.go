package pool

import (
	"context"
	"errors"
	"fmt"
)

// errGone says that a process ended before it could be replaced.
var errGone = errors.New("the worker has ended")

// order says what is to become of a seat's process.
type order[S any] struct {
	member  *member[S]      // the process that is meant, if instead is nil
	instead *member[S]      // takes its place; nil: one is to be started
	last    bool            // start the next only when this one has ended
	patient bool            // instead: it is done when the process before has ended
	reason  string          // for the log
	ctx     context.Context // until when a start is wanted
	done    chan error      // takes one: it has been done, or cannot be
}

func (o order[S]) finish(err error) { o.done <- err }

// order puts an order before the seat. If the error is nil, it will be answered.
func (s *seat[S]) order(ctx context.Context, o order[S]) error {
	select {
	case s.orders <- o:
		return nil
	case <-s.left:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// obey carries out an order, or has it carried out.
func (s *seat[S]) obey(o order[S]) {
	switch {
	case o.instead != nil:
		s.takeInstead(o)
	case o.member != s.member || s.draining:
		o.finish(errGone)
	case o.last:
		s.pool.opts.Logger.Info("worker drains: "+o.reason, "worker", s.member.number)
		s.stopTrying(errGone)
		s.draining, s.delay = true, backoff{}
		s.pool.retire(s.member, o.reason)
		o.finish(nil)
	default:
		if s.try == nil {
			s.begin(o.ctx, o.reason)
		}
		s.try.orders = append(s.try.orders, o)
	}
}

// takeInstead gives the seat to the process that an order brings: also an empty
// one, whose own start fails or hangs.
func (s *seat[S]) takeInstead(o order[S]) {
	s.tell(nil)
	s.stopTrying(nil) // who waits for a replacement has one
	s.delay = backoff{}
	ended := s.hand(o.instead, o.reason)
	if ended == nil || !o.patient {
		o.finish(nil)
		return
	}
	s.pool.work.Go(func() { <-ended; o.finish(nil) })
}

// Replace has another process in the place of the one with this number. It returns
// when that takes requests, or could not be started. If ctx ends before, the start
// is given up.
func (p *Pool[S]) Replace(ctx context.Context, number int, reason string) error {
	return p.orderFor(ctx, number, order[S]{reason: reason})
}

// Drain lets a process finish its requests and end; then its seat starts another.
// It returns when the process gets no more requests.
func (p *Pool[S]) Drain(ctx context.Context, number int, reason string) error {
	return p.orderFor(ctx, number, order[S]{reason: reason, last: true})
}

func (p *Pool[S]) orderFor(ctx context.Context, number int, o order[S]) error {
	for _, m := range p.admitted() {
		if m.number != number {
			continue
		}
		o.member, o.ctx, o.done = m, ctx, make(chan error, 1)
		if err := m.seat.order(ctx, o); err != nil {
			return err
		}
		select {
		case err := <-o.done:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for _, m := range p.Members() {
		if m.Number == number {
			return fmt.Errorf("worker %d is leaving already", number)
		}
	}
	return fmt.Errorf("%w %d", ErrNoProcess, number)
}

// ErrNoProcess says that no process has the number that was asked for.
var ErrNoProcess = errors.New("there is no worker")
