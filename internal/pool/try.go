package pool

import (
	"context"
	"time"
)

// try is a start of a process in the background.
type try[S any] struct {
	outcome chan outcome[S] // takes one
	cancel  context.CancelFunc
	reason  string
	orders  []order[S] // to be answered with how it went
}

type outcome[S any] struct {
	member    *member[S]
	err       error
	cancelled bool // so that the error says nothing about the code
}

// begin starts a process for the seat, for as long as somebody wants that.
func (s *seat[S]) begin(wanted context.Context, reason string) {
	ctx, cancel := context.WithCancel(s.ctx)
	t := &try[S]{outcome: make(chan outcome[S], 1), cancel: cancel, reason: reason}
	s.try, s.again = t, nil
	p, old := s.pool, s.member
	p.work.Go(func() {
		defer cancel()
		defer context.AfterFunc(wanted, cancel)()
		m, err := p.startBeside(ctx, old, reason)
		t.outcome <- outcome[S]{m, err, ctx.Err() != nil}
	})
}

// startBeside starts a process while the old one serves on: never two of these at
// once, for the sake of memory.
func (p *Pool[S]) startBeside(ctx context.Context, old *member[S], reason string) (*member[S], error) {
	if old == nil {
		return p.start(ctx)
	}
	select {
	case p.recycling <- struct{}{}:
		defer func() { <-p.recycling }()
	case <-old.gone: // the seat serves nobody: no time to wait
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p.opts.Logger.Info("worker is replaced: "+reason, "worker", old.number)
	return p.start(ctx)
}

// tried gives the seat to what was started, or plans the next try.
func (s *seat[S]) tried(r outcome[S]) {
	t := s.try
	s.try = nil
	s.tell(r.err)
	if r.err == nil {
		s.pool.startWorked()
		s.hand(r.member, t.reason)
	} else {
		s.failed(r)
	}
	for _, o := range t.orders {
		o.finish(r.err)
	}
}

// failed plans the next try, unless the old process is as good.
func (s *seat[S]) failed(r outcome[S]) {
	var delay time.Duration
	if s.member == nil || s.wanted != "" {
		delay = s.delay.later()
		s.plan(delay)
	}
	if !r.cancelled {
		s.pool.startFailed(r.err, delay)
	}
}

// tell has Start know how the seat's first start went.
func (s *seat[S]) tell(err error) {
	if !s.first {
		return
	}
	s.first = false
	select {
	case s.pool.starting <- err:
	default: // a seat that was added later
	}
}

// stopTrying gives up the start that is in progress, and the next.
func (s *seat[S]) stopTrying(answer error) {
	t := s.try
	s.try, s.again = nil, nil
	if t == nil {
		return
	}
	t.cancel()
	for _, o := range t.orders {
		o.finish(answer)
	}
	s.pool.work.Go(func() {
		if r := <-t.outcome; r.member != nil { // it was ready at the same moment
			s.pool.retire(r.member, "it is not wanted any more")
		}
	})
}
