package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Why a request got no slot.
var (
	ErrQueueFull    = errors.New("the queue is full")
	ErrQueueTimeout = errors.New("no slot became free in time")
	ErrClosed       = errors.New("the server is shutting down")
)

// Lease is a place on a slot that one request holds until it calls Release.
type Lease[S any] struct {
	Slot   S
	Waited time.Duration // in the queue

	grant grant[S]
	from  *dispatcher[S]
}

// Release gives the place back. It must be called once.
func (l Lease[S]) Release() { l.from.free(l.grant) }

// Ask is what a request says when it wants a slot.
type Ask struct {
	// Cost is how long the request is expected to keep its slot busy, if that is
	// known and short: then it may wait behind others in a slot, as long as these
	// take no longer than Ahead together. 0: it goes alone.
	Cost time.Duration
	// Again says that the request had a slot before and lost it: it goes first, and
	// may wait in a full queue as well.
	Again bool
}

type grant[S any] struct {
	place  *place[S]
	cost   time.Duration
	number int64
}

// dispatcher hands slots to requests: of each kind first come, first served.
type dispatcher[S any] struct {
	queueSize    int
	queueTimeout time.Duration
	takeBack     func(S) // nil: no request may wait behind another

	mu      sync.Mutex
	members []*member[S]
	queue   queue[S]
	known   []*member[S] // these, and those that are on their way out
	grants  int64        // so far
	closed  bool
	failing error // why requests that find no process are refused at once; nil: they wait
}

// Acquire gives an idle slot of the least busy process, and to a short request a
// place behind other short ones; else the request waits in the queue for its
// turn, if there is room.
func (d *dispatcher[S]) Acquire(ctx context.Context, ask Ask) (Lease[S], error) {
	if d.takeBack == nil || ask.Cost > Ahead {
		ask.Cost = 0
	}
	d.mu.Lock()
	if ask.Again || !d.queue.holdsUp(ask.Cost) {
		if g, ok := d.find(ask.Cost); ok {
			d.queue.served(ask.Cost)
			d.mu.Unlock()
			return d.lease(g, 0), nil
		}
	}
	if d.closed {
		d.mu.Unlock()
		return Lease[S]{}, ErrClosed
	}
	if d.failing != nil && len(d.members) == 0 {
		defer d.mu.Unlock()
		return Lease[S]{}, d.failing
	}
	if !ask.Again && d.queue.waiting(ask.Cost) >= d.queueSize {
		defer d.mu.Unlock()
		if g, ok := d.find(0); ok { // better a thread too many than a refusal
			return d.lease(g, 0), nil
		}
		return Lease[S]{}, ErrQueueFull
	}
	w := d.queue.add(ask)
	d.mu.Unlock()
	return d.wait(ctx, w)
}

// find gives a place to a request of this cost, if there is one.
func (d *dispatcher[S]) find(cost time.Duration) (grant[S], bool) {
	var p *place[S]
	if cost > 0 {
		p = d.behindOthers(cost)
	} else if m := d.leastBusy(); m != nil {
		p = m.take()
	}
	if p == nil {
		return grant[S]{}, false
	}
	p.add(cost)
	d.grants++
	p.member.turn = d.grants
	return grant[S]{p, cost, d.grants}, true
}

// leastBusy returns the process with an idle slot and the fewest requests; of
// several, the one that has waited longest for a request.
func (d *dispatcher[S]) leastBusy() (best *member[S]) {
	for _, m := range d.members {
		if len(m.idle) == 0 || best != nil && (m.busy > best.busy || m.busy == best.busy && m.turn > best.turn) || m.exited() {
			continue
		}
		best = m
	}
	return best
}

func (d *dispatcher[S]) wait(ctx context.Context, w *waiter[S]) (Lease[S], error) {
	began := time.Now()
	var expired <-chan time.Time
	if d.queueTimeout > 0 {
		timer := time.NewTimer(d.queueTimeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case g, ok := <-w.granted:
		return d.accept(ctx, w, g, ok, began)
	case <-ctx.Done():
	case <-expired:
	}
	d.mu.Lock()
	d.queue.drop(w)
	d.serveQueue() // w may have held up others
	d.mu.Unlock()
	select {
	case g, ok := <-w.granted: // at the same moment
		return d.accept(ctx, w, g, ok, began)
	default:
	}
	if ctx.Err() != nil {
		return Lease[S]{}, context.Cause(ctx)
	}
	return Lease[S]{}, ErrQueueTimeout
}

// accept takes what was granted; not ok means that the queue was closed. Of a
// request whose client has left the next in the queue has the slot.
func (d *dispatcher[S]) accept(ctx context.Context, w *waiter[S], g grant[S], ok bool, began time.Time) (Lease[S], error) {
	if !ok {
		return Lease[S]{}, cmp.Or(w.refused, ErrClosed)
	}
	if ctx.Err() != nil {
		d.free(g)
		return Lease[S]{}, context.Cause(ctx)
	}
	return d.lease(g, time.Since(began)), nil
}

func (d *dispatcher[S]) lease(g grant[S], waited time.Duration) Lease[S] {
	return Lease[S]{Slot: g.place.slot, Waited: waited, grant: g, from: d}
}

// free gives a place back, and what became free to the first in the queue.
func (d *dispatcher[S]) free(g grant[S]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g.place.remove(g.cost)
	m := g.place.member
	delete(m.lost, g.number)
	m.served++
	if m.limit > 0 && m.served == m.limit {
		m.replace(fmt.Sprintf("it has served %d requests", m.served))
	}
	if m.leaving {
		m.checkDrained()
		return
	}
	if m.exited() {
		return // it is about to be removed; nobody must be sent there
	}
	if g.place.requests == 0 {
		m.giveBack(g.place)
	}
	d.serveQueue()
}

// serveQueue gives places to who waits, of each kind the longest waiting first. A short
// request that finds none does not hold up one that goes alone. That one holds up the
// short ones when some have passed it: these would keep slots busy between them, so that
// none became idle for it.
func (d *dispatcher[S]) serveQueue() {
	shorts := true
	for w := d.queue.first(shorts); w != nil; w = d.queue.first(shorts) {
		g, ok := d.find(w.cost)
		switch {
		case ok:
			d.queue.drop(w)
			d.queue.served(w.cost)
			w.granted <- g
		case kindOf(w.cost) == short:
			shorts = false
		default:
			return
		}
	}
}

// add lets a process take requests.
func (d *dispatcher[S]) add(m *member[S]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members = append(d.members, m)
	d.known = append(d.known, m)
	d.failing = nil
	d.serveQueue()
}

// remove gives a process no more requests; drained tells when it serves none.
func (d *dispatcher[S]) remove(m *member[S]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members = without(d.members, m)
	if !m.leaving {
		m.leaving = true
		m.idle, m.shared = nil, nil
		m.checkDrained()
	}
}

// forget takes a process that has ended out of the list.
func (d *dispatcher[S]) forget(m *member[S]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = without(d.known, m)
}

func without[T comparable](list []T, gone T) []T {
	i := slices.Index(list, gone)
	if i < 0 {
		return list
	}
	return append(list[:i:i], list[i+1:]...)
}

// lose notes that one of a process's requests will not end by itself.
func (d *dispatcher[S]) lose(g grant[S], reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := g.place.member
	if m.lost == nil {
		m.lost, m.reason = map[int64]bool{}, reason
	}
	m.lost[g.number] = true
	m.checkDrained()
}

// lossOf says whether a process has requests that will not end, and why.
func (d *dispatcher[S]) lossOf(m *member[S]) (reason string, lost bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return m.reason, len(m.lost) > 0
}

// refuse fails the requests that wait, as long as there is no process, and those
// that come.
func (d *dispatcher[S]) refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.members) > 0 {
		return
	}
	d.failing = err
	for w := d.queue.first(true); w != nil; w = d.queue.first(true) {
		d.queue.drop(w)
		w.refused = err
		close(w.granted)
	}
}

// admitted are the processes that take requests.
func (d *dispatcher[S]) admitted() []*member[S] {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.members)
}

// close refuses new requests that would have to wait, and fails those that do.
func (d *dispatcher[S]) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for w := d.queue.first(true); w != nil; w = d.queue.first(true) {
		d.queue.drop(w)
		close(w.granted)
	}
}

// Load is a moment's count.
type Load struct {
	Processes int // that take requests
	Busy      int // requests on slots
	Idle      int // slots
	Queued    int // requests
}

// Load counts what is going on.
func (d *dispatcher[S]) Load() Load {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := Load{Processes: len(d.members), Queued: d.queue.length()}
	for _, m := range d.members {
		l.Busy += m.busy
		l.Idle += len(m.idle)
	}
	return l
}
