package pool

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Why a request got no slot.
var (
	ErrQueueFull    = errors.New("the queue is full")
	ErrQueueTimeout = errors.New("no slot became free in time")
	ErrClosed       = errors.New("the server is shutting down")
)

// member is a process that takes requests.
type member[S any] struct {
	process Process[S]
	idle    []S
	busy    int
	leaving bool          // takes no more requests
	drained chan struct{} // closed when leaving and nothing is busy
}

// Lease is a slot that one request holds until it calls Release.
type Lease[S any] struct {
	Slot   S
	Waited time.Duration // in the queue

	member *member[S]
	from   *dispatcher[S]
}

// Release gives the slot back. It must be called once.
func (l Lease[S]) Release() { l.from.free(grant[S]{l.member, l.Slot}) }

// waiter is a request in the queue.
type waiter[S any] struct {
	granted chan grant[S] // takes one
}

type grant[S any] struct {
	member *member[S]
	slot   S
}

// dispatcher hands slots to requests: first come, first served.
type dispatcher[S any] struct {
	queueSize    int
	queueTimeout time.Duration

	mu      sync.Mutex
	members []*member[S]
	queue   list.List // of *waiter[S]
	closed  bool
}

// Acquire gives an idle slot of the least busy process; else the request waits
// in the queue for its turn, if there is room.
func (d *dispatcher[S]) Acquire(ctx context.Context) (Lease[S], error) {
	d.mu.Lock()
	if m := d.leastBusy(); m != nil {
		g := m.take()
		d.mu.Unlock()
		return d.lease(g, 0), nil
	}
	if d.closed {
		d.mu.Unlock()
		return Lease[S]{}, ErrClosed
	}
	if d.queue.Len() >= d.queueSize {
		d.mu.Unlock()
		return Lease[S]{}, ErrQueueFull
	}
	w := &waiter[S]{granted: make(chan grant[S], 1)}
	place := d.queue.PushBack(w)
	d.mu.Unlock()
	return d.wait(ctx, w, place)
}

// leastBusy returns the process with an idle slot and the fewest busy ones.
func (d *dispatcher[S]) leastBusy() (best *member[S]) {
	for _, m := range d.members {
		if len(m.idle) > 0 && (best == nil || m.busy < best.busy) && !m.exited() {
			best = m
		}
	}
	return best
}

// take uses the slot that was idle last: its caches are warm.
func (m *member[S]) take() grant[S] {
	last := len(m.idle) - 1
	s := m.idle[last]
	m.idle = m.idle[:last]
	m.busy++
	return grant[S]{m, s}
}

func (d *dispatcher[S]) wait(ctx context.Context, w *waiter[S], place *list.Element) (Lease[S], error) {
	began := time.Now()
	var expired <-chan time.Time
	if d.queueTimeout > 0 {
		timer := time.NewTimer(d.queueTimeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case g, ok := <-w.granted:
		return d.accept(ctx, g, ok, began)
	case <-ctx.Done():
	case <-expired:
	}
	d.mu.Lock()
	d.queue.Remove(place)
	d.mu.Unlock()
	select {
	case g, ok := <-w.granted: // at the same moment
		return d.accept(ctx, g, ok, began)
	default:
	}
	if ctx.Err() != nil {
		return Lease[S]{}, context.Cause(ctx)
	}
	return Lease[S]{}, ErrQueueTimeout
}

// accept takes what was granted; not ok means that the queue was closed. Of a
// request whose client has left the next in the queue has the slot.
func (d *dispatcher[S]) accept(ctx context.Context, g grant[S], ok bool, began time.Time) (Lease[S], error) {
	if !ok {
		return Lease[S]{}, ErrClosed
	}
	if ctx.Err() != nil {
		d.free(g)
		return Lease[S]{}, context.Cause(ctx)
	}
	return d.lease(g, time.Since(began)), nil
}

func (d *dispatcher[S]) lease(g grant[S], waited time.Duration) Lease[S] {
	return Lease[S]{Slot: g.slot, Waited: waited, member: g.member, from: d}
}

// free passes a slot on: to the first in the queue, else to its process's idle ones.
func (d *dispatcher[S]) free(g grant[S]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g.member.busy--
	if g.member.leaving {
		g.member.checkDrained()
		return
	}
	if g.member.exited() {
		return // it is about to be removed; nobody must be sent there
	}
	g.member.idle = append(g.member.idle, g.slot)
	d.serveQueue()
}

// serveQueue gives idle slots to who waits, the longest waiting first.
func (d *dispatcher[S]) serveQueue() {
	for d.queue.Len() > 0 {
		m := d.leastBusy()
		if m == nil {
			return
		}
		w := d.queue.Remove(d.queue.Front()).(*waiter[S])
		w.granted <- m.take()
	}
}

// add lets a process take requests.
func (d *dispatcher[S]) add(p Process[S]) *member[S] {
	m := &member[S]{process: p, idle: append([]S(nil), p.Slots()...), drained: make(chan struct{})}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members = append(d.members, m)
	d.serveQueue()
	return m
}

// remove gives a process no more requests; drained tells when it serves none.
func (d *dispatcher[S]) remove(m *member[S]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, other := range d.members {
		if other == m {
			d.members = append(d.members[:i:i], d.members[i+1:]...)
			break
		}
	}
	if !m.leaving {
		m.leaving = true
		m.idle = nil
		m.checkDrained()
	}
}

func (m *member[S]) exited() bool {
	select {
	case <-m.process.Exited():
		return true
	default:
		return false
	}
}

func (m *member[S]) checkDrained() {
	if m.busy == 0 {
		close(m.drained)
	}
}

// close refuses new requests that would have to wait, and fails those that do.
func (d *dispatcher[S]) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for d.queue.Len() > 0 {
		close(d.queue.Remove(d.queue.Front()).(*waiter[S]).granted)
	}
}

// Load is a moment's count.
type Load struct {
	Processes int // that take requests
	Busy      int // slots
	Idle      int // slots
	Queued    int // requests
}

// Load counts what is going on.
func (d *dispatcher[S]) Load() Load {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := Load{Processes: len(d.members), Queued: d.queue.Len()}
	for _, m := range d.members {
		l.Busy += m.busy
		l.Idle += len(m.idle)
	}
	return l
}
