package pool

import (
	"context"
	"errors"
	"time"
)

// seat is the place of one process: it starts one, and another after its end,
// until the pool stops or the seat is given up. All that happens to the process
// of a seat happens in its goroutine, in keep.
type seat[S any] struct {
	pool   *Pool[S]
	ctx    context.Context // ends with the pool, or when the seat is given up
	giveUp context.CancelFunc
	orders chan order[S]
	retry  chan struct{} // wakes a seat that waits before its next try
	delay  backoff
}

// order says what is to become of a seat's process.
type order[S any] struct {
	member  *member[S]   // the process that is meant; nil: whichever has the seat
	instead *member[S]   // takes its place; nil: one is to be started
	last    bool         // start the next only when this one has ended
	reason  string       // for the log
	done    chan<- error // takes one, when it has been done or cannot be; may be nil
}

func (o order[S]) finish(err error) {
	if o.done != nil {
		o.done <- err
	}
}

// errGone says that a process ended before it could be replaced.
var errGone = errors.New("the worker has ended")

func newSeat[S any](p *Pool[S]) *seat[S] {
	s := &seat[S]{pool: p, orders: make(chan order[S], 4), retry: make(chan struct{}, 1)}
	s.ctx, s.giveUp = context.WithCancel(p.ctx)
	return s
}

// keep holds the seat.
func (s *seat[S]) keep() {
	defer s.refuse()
	var next *member[S]
	for first := true; s.ctx.Err() == nil || next != nil; first = false {
		if next == nil {
			var err error
			next, err = s.pool.start(s.ctx)
			s.pool.started(s.ctx, err, first, s.delay.peek())
			if err != nil {
				next = s.wait()
				continue
			}
		}
		m := s.serve(next)
		if next = nil; s.ctx.Err() != nil {
			continue
		}
		if time.Since(m.began) >= healthyAfter {
			s.delay = backoff{}
			s.pool.livedLong()
		} else if !m.asked.Load() {
			s.pool.diedYoung()
		}
		next = s.wait()
	}
}

// wait lets the delay pass before the next start. A reload ends it, perhaps with
// a process.
func (s *seat[S]) wait() *member[S] {
	delay := s.delay.next()
	if delay <= 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil
		case <-s.retry:
			return nil
		case <-s.ctx.Done():
			return nil
		case o := <-s.orders:
			o.finish(nil)
			if o.instead != nil {
				return o.instead
			}
		}
	}
}

// refuse answers the orders that come too late.
func (s *seat[S]) refuse() {
	for {
		select {
		case o := <-s.orders:
			if o.instead != nil {
				s.pool.retire(o.instead, "the server stops")
			}
			o.finish(ErrClosed)
		default:
			return
		}
	}
}

// serve lets a process take requests, and after it those that take its place,
// until the last of them has ended or is on its way out. It returns that one.
func (s *seat[S]) serve(m *member[S]) *member[S] {
	s.admit(m)
	for {
		var o order[S]
		select {
		case <-m.process.Exited():
			s.pool.retire(m, "")
			return m
		case <-s.ctx.Done():
			s.pool.retire(m, "")
			return m
		case <-m.expired:
			o.reason = "it has reached its lifetime"
		case o = <-s.orders:
			if o.member != nil && o.member != m {
				o.finish(errGone)
				continue
			}
		}
		next, err := s.obey(o, m)
		if next != nil {
			m = next
		} else if o.last {
			return m
		}
		o.finish(err)
	}
}

func (s *seat[S]) admit(m *member[S]) {
	m.seat = s
	s.pool.add(m)
}

// obey carries out an order on the seat's process, and returns the one that has
// its place then, if that is another.
func (s *seat[S]) obey(o order[S], m *member[S]) (next *member[S], err error) {
	p := s.pool
	if o.last {
		p.opts.Logger.Info("worker drains: "+o.reason, "worker", m.number)
		ended := p.retire(m, o.reason)
		s.delay = backoff{}
		o.finish(nil)
		<-ended
		return nil, nil
	}
	if next = o.instead; next == nil {
		if next, err = s.replacement(m, o.reason); err != nil {
			return nil, err
		}
	}
	// First the new one in, then the old one out: there is always a place.
	s.admit(next)
	p.retire(m, o.reason)
	return next, nil
}

// replacement starts a process while the old one serves on. Never two at once.
func (s *seat[S]) replacement(m *member[S], reason string) (*member[S], error) {
	p := s.pool
	select {
	case p.recycling <- struct{}{}:
		defer func() { <-p.recycling }()
	case <-s.ctx.Done():
		return nil, ErrClosed
	case <-m.process.Exited():
		return nil, errGone
	}
	p.opts.Logger.Info("worker is replaced: "+reason, "worker", m.number)
	next, err := p.start(s.ctx)
	if err != nil {
		p.opts.Logger.Error("worker stays, its replacement could not be started: "+err.Error(), "worker", m.number)
	}
	return next, err
}
