package pool

import "time"

// Ahead is how much work a slot is sent before it has done what it has: enough
// that its thread need not sleep between two short requests, and so little that
// no request waits for long behind another while other slots are idle.
const Ahead = 200 * time.Microsecond

// maxRequests bounds how many requests a slot has at a time.
const maxRequests = 12

// patience is how long a slot may take for a short request before those behind it
// are sent elsewhere: it was not short this time.
const patience = time.Millisecond

// place is a slot as the dispatcher sees it.
type place[S any] struct {
	slot     S
	member   *member[S]
	requests int
	work     time.Duration // what they are expected to take
	sharing  bool          // all of them are short
	since    time.Time     // when one of them began or ended last, if sharing
	watched  bool          // a timer looks whether the one that runs takes too long
}

func (p *place[S]) add(cost time.Duration) {
	p.requests++
	p.work += cost
	p.member.busy++
}

func (p *place[S]) remove(cost time.Duration) {
	p.requests--
	p.work -= cost
	p.member.busy--
	if p.sharing {
		p.since = time.Now()
	}
}

// behindOthers finds a place for a short request. Short requests keep one thread
// of a process from sleeping rather than waking several, which would only hand
// the interpreter's lock to and fro; and one process rather than several, until
// it has its share.
func (d *dispatcher[S]) behindOthers(cost time.Duration) *place[S] {
	for _, m := range d.members {
		p := m.shared
		if p == nil || p.work > Ahead || p.requests == maxRequests || m.exited() {
			continue
		}
		if time.Since(p.since) > patience { // nobody waits there, or look would have seen it
			m.unshare(p)
			continue
		}
		d.watch(p, patience)
		return p
	}
	var best *member[S]
	for _, m := range d.members {
		if m.shared == nil && len(m.idle) > 0 && (best == nil || m.busy < best.busy) && !m.exited() {
			best = m
		}
	}
	if best == nil {
		return nil
	}
	return best.share()
}

// watch looks after a while whether the place has gone on.
func (d *dispatcher[S]) watch(p *place[S], after time.Duration) {
	if !p.watched {
		p.watched = true
		time.AfterFunc(after, func() { d.look(p) })
	}
}

// look has what waits behind a request that takes too long sent elsewhere; but not
// during a shutdown, when there is nowhere else. It looks again for as long as
// something waits there: who was given the place a moment ago sends its request
// after this.
func (d *dispatcher[S]) look(p *place[S]) {
	d.mu.Lock()
	p.watched = false
	if d.closed || !p.sharing || p.requests < 2 {
		d.mu.Unlock()
		return
	}
	left := patience - time.Since(p.since)
	if left > 0 {
		d.watch(p, left)
		d.mu.Unlock()
		return
	}
	d.watch(p, patience)
	p.member.unshare(p)
	d.serveQueue() // the process may open another place
	d.mu.Unlock()
	d.takeBack(p.slot)
}
