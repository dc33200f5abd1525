package pool

import (
	"context"
	"time"
)

// stopGrace is how long a process without requests may take to end.
const stopGrace = 10 * time.Second

// retire gives a process no more requests, lets it finish those that it has, and
// ends it. The channel is closed when it has ended. Only the first call counts.
func (p *Pool[S]) retire(m *member[S], reason string) (ended <-chan struct{}) {
	m.retiring.Do(func() {
		p.remove(m)
		p.work.Go(func() {
			p.seeOut(m, reason)
			p.forget(m)
			close(m.ended)
			p.leave(m.generation)
		})
		// The replacement does not wait for requests whose clients read slowly.
		p.work.Go(func() { <-m.ended; <-m.released; m.process.CloseSlots() })
	})
	return m.ended
}

// seeOut waits for a process to drain and has it end.
func (p *Pool[S]) seeOut(m *member[S], reason string) {
	stop := context.AfterFunc(p.killing, func() { m.process.Kill(context.Cause(p.killing).Error()) })
	defer stop()
	var late <-chan time.Time
	if d := p.opts.DrainTimeout; d > 0 && p.ctx.Err() == nil { // a stop has a time of its own
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-m.process.Exited():
		return
	case <-late:
		m.process.Kill("it did not finish its requests within the drain time: " + reason)
	case <-m.drained:
		if why, lost := p.lossOf(m); lost {
			m.process.Kill(why)
		} else {
			m.process.Stop()
		}
	}
	grace := time.AfterFunc(stopGrace, func() { m.process.Kill("it did not end") })
	defer grace.Stop()
	<-m.process.Exited()
}

// Condemn says that the lease's request will not end by itself. Its process gets no
// more requests and is killed when the others have ended; another takes its place
// meanwhile. Release is to be called as ever, when the process or, after all, the
// request has ended; and Condemn not after it.
func (l Lease[S]) Condemn(reason string) {
	m := l.grant.place.member
	l.from.lose(l.grant, reason)
	m.replace(reason)
	m.seat.pool.retire(m, reason)
}
