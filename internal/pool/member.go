package pool

import (
	"sync"
	"sync/atomic"
	"time"
)

// member is a process, from its start to its end.
type member[S any] struct {
	process    Process[S]
	generation *generation[S]
	number     int
	began      time.Time
	exits      <-chan struct{}  // the process's Exited
	well       <-chan time.Time // it has lived for healthyAfter
	expired    <-chan time.Time // its lifetime is over
	limit      int              // of requests; 0: none
	seat       *seat[S]         // set before it takes requests

	asked    atomic.Bool // to be replaced
	due      chan string // takes the reason for that, once
	retiring sync.Once
	ended    chan struct{} // closed when it was retired and has ended

	// The dispatcher's, under its lock.
	idle     []*place[S]
	shares   bool           // short requests may wait behind each other
	shared   *place[S]      // where short requests wait behind each other
	busy     int            // requests
	lost     map[int64]bool // of these, such as will not end
	reason   string         // why they are lost
	served   int            // requests that have ended
	turn     int64          // when it was given a request last
	leaving  bool           // takes no more requests
	gone     chan struct{}  // closed when leaving
	drained  chan struct{}  // closed when leaving and nothing is busy but what is lost
	released chan struct{}  // closed when leaving and nothing is busy
}

func newMember[S any](process Process[S], g *generation[S], number int, r Recycle) *member[S] {
	m := &member[S]{
		process: process, generation: g, number: number, limit: r.requestLimit(),
		began: time.Now(), exits: process.Exited(), well: time.After(healthyAfter), due: make(chan string, 1),
		shares: process.Shares(), ended: make(chan struct{}), gone: make(chan struct{}), drained: make(chan struct{}), released: make(chan struct{}),
	}
	for _, s := range process.Slots() {
		m.idle = append(m.idle, &place[S]{slot: s, member: m})
	}
	if d := r.lifetime(); d > 0 {
		m.expired = time.After(d)
	}
	return m
}

// take uses the slot that was idle last: its caches are warm.
func (m *member[S]) take() *place[S] {
	last := len(m.idle) - 1
	p := m.idle[last]
	m.idle = m.idle[:last]
	return p
}

// giveBack takes a slot that has nothing to do.
func (m *member[S]) giveBack(p *place[S]) {
	m.unshare(p)
	p.sharing = false
	m.idle = append(m.idle, p)
}

// share takes a slot, and opens it to further short requests.
func (m *member[S]) share() *place[S] {
	p := m.take()
	if !m.shares {
		return p
	}
	p.sharing, p.since = true, time.Now()
	m.shared = p
	return p
}

// unshare has no further request wait there.
func (m *member[S]) unshare(p *place[S]) {
	if m.shared == p {
		m.shared = nil
	}
}

func (m *member[S]) exited() bool {
	select {
	case <-m.exits:
		return true
	default:
		return false
	}
}

// checkDrained tells who waits for that.
func (m *member[S]) checkDrained() {
	if !m.leaving {
		return
	}
	closeOnce(m.gone)
	if m.busy == len(m.lost) {
		closeOnce(m.drained)
	}
	if m.busy == 0 {
		closeOnce(m.released)
	}
}

func closeOnce(ch chan struct{}) {
	select {
	case <-ch:
	default:
		close(ch)
	}
}
