package pool

import (
	"context"
	"time"
)

// seat is the place of one process: it starts one, and another after its end,
// until the pool stops or the seat is given up. All that happens to the process
// of a seat happens in its goroutine, keep, which never waits for anything but
// the next event: it hears an order even while a start hangs.
type seat[S any] struct {
	pool   *Pool[S]
	ctx    context.Context // ends with the pool, or when the seat is given up
	giveUp context.CancelFunc
	orders chan order[S] // not buffered: an order that was taken is answered
	left   chan struct{} // closed when no more orders are taken

	// What follows is keep's own.
	member   *member[S]       // nil: the seat is empty
	draining bool             // member has to end before another is started
	wanted   string           // why member has to be replaced; "": it has not to
	try      *try[S]          // the start that is in progress; nil: none is
	again    <-chan time.Time // when to try next; nil: nothing is planned
	delay    backoff
	first    bool // no start has come to its end
}

func newSeat[S any](p *Pool[S]) *seat[S] {
	s := &seat[S]{pool: p, orders: make(chan order[S]), left: make(chan struct{}), first: true}
	s.ctx, s.giveUp = context.WithCancel(p.ctx)
	return s
}

// keep holds the seat.
func (s *seat[S]) keep() {
	defer s.leave()
	s.begin(s.ctx, s.wanted)
	for s.ctx.Err() == nil {
		m, t := orZero(s.member), orZero(s.try)
		select {
		case <-s.ctx.Done():
		case o := <-s.orders:
			s.obey(o)
		case r := <-t.outcome:
			s.tried(r)
		case <-s.again:
			s.begin(s.ctx, s.wanted)
		case <-m.exits:
			s.ended()
		case <-m.well:
			s.delay = backoff{}
			s.pool.livedLong()
		case <-m.expired:
			s.want("it has reached its lifetime")
		case reason := <-m.due:
			s.want(reason)
		}
	}
}

// orZero stands in for what is not there: nothing comes from its channels.
func orZero[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// leave gives up the seat.
func (s *seat[S]) leave() {
	close(s.left)
	reason := "the server stops"
	if s.pool.ctx.Err() == nil {
		reason = fewer
	}
	s.stopTrying(ErrClosed)
	if s.member != nil {
		s.pool.retire(s.member, reason)
	}
}

// want notes that the process has to be replaced: it is tried until it succeeds.
func (s *seat[S]) want(reason string) {
	s.wanted = reason
	if s.try == nil && s.again == nil && !s.draining {
		s.begin(s.ctx, s.wanted)
	}
}

// hand gives the seat to a process. The channel is closed when the one before
// has ended; it is nil if there was none.
func (s *seat[S]) hand(next *member[S], reason string) (ended <-chan struct{}) {
	old := s.member
	next.seat = s
	s.member, s.draining, s.wanted = next, false, ""
	// First the new one in, then the old one out: there is always a place.
	s.pool.add(next)
	if old != nil {
		ended = s.pool.retire(old, reason)
	}
	return ended
}

// ended has another process started, unless that is being done.
func (s *seat[S]) ended() {
	m := s.member
	s.pool.retire(m, "it has ended")
	meant := s.draining || s.wanted != "" || m.asked.Load()
	s.member, s.draining, s.wanted = nil, false, ""
	long := time.Since(m.began) >= healthyAfter
	if long {
		s.delay = backoff{}
	}
	var delay time.Duration
	if s.try == nil {
		if delay = s.delay.next(); len(s.pool.admitted()) == 0 {
			delay = min(delay, emptyDelay)
		}
		s.plan(delay)
	}
	if !long && !meant {
		s.pool.diedYoung(m, delay)
	}
}

// plan has a start begin later.
func (s *seat[S]) plan(delay time.Duration) {
	if delay <= 0 {
		s.begin(s.ctx, s.wanted)
		return
	}
	s.again = time.After(delay)
}
