package h1

import (
	"sync"
	"sync/atomic"
	"time"
)

// What a connection may wait for; the times for it are the server's.
const (
	nothing int64 = iota
	aRequest
	theHead   // to come whole
	theClient // to take what is written

	phases  = 3 // bits of it
	timeUp  = 1 << phases
	clockAt = phases + 1
)

// warden ends the waits of connections that last too long. It looks at all of them
// several times a second, so that a request costs a store or two and no timer.
type warden struct {
	mu      sync.Mutex
	first   *conn
	running bool
	clock   atomic.Int64 // ticks since it first ran
}

// wait is what one direction of a connection waits for: the phase, whether its time
// is up, and the tick when it began.
type wait struct{ state atomic.Int64 }

func (w *wait) begin(phase, tick int64) { w.state.Store(tick<<clockAt | phase) }

// end reports whether the time was up.
func (w *wait) end() bool { return w.state.Load() != nothing && w.state.Swap(nothing)&timeUp != 0 }

// tooLong says that the time is up.
func (w *wait) tooLong() bool { return w.state.Load()&timeUp != 0 }

// tick is how often the warden looks, so that no time is exceeded by much.
func (s *Server) tick() time.Duration {
	shortest := min(s.idleTimeout(), s.headTimeout(), s.writeTimeout())
	return min(max(shortest/8, time.Millisecond), 250*time.Millisecond)
}

func (s *Server) enroll(c *conn) {
	w := &s.warden
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.after = w.first; c.after != nil {
		c.after.before = c
	}
	w.first = c
	if !w.running {
		w.running = true
		go s.guard()
	}
}

func (s *Server) discharge(c *conn) {
	w := &s.warden
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.before != nil {
		c.before.after = c.after
	} else {
		w.first = c.after
	}
	if c.after != nil {
		c.after.before = c.before
	}
}

// guard looks at the connections until there are none.
func (s *Server) guard() {
	length := s.tick()
	limits := [...]int64{
		aRequest: int64(s.idleTimeout() / length), theHead: int64(s.headTimeout() / length),
		theClient: int64(s.writeTimeout() / length),
	}
	ticker := time.NewTicker(length)
	defer ticker.Stop()
	for range ticker.C {
		now := s.warden.clock.Add(1)
		s.warden.mu.Lock()
		for c := s.warden.first; c != nil; c = c.after {
			c.check(now, limits[:])
		}
		over := s.warden.first == nil
		s.warden.running = !over
		s.warden.mu.Unlock()
		if over {
			return
		}
	}
}

// check ends what c waits for if it has waited for more than its limit, in ticks. A
// client that takes some of what is written has its time again.
func (c *conn) check(now int64, limits []int64) {
	if seen := c.reads.state.Load(); exceeds(seen, now, limits) {
		c.wake(&c.reads, seen, c.net.SetReadDeadline)
	}
	seen := c.writes.state.Load()
	if seen == nothing {
		return
	}
	if taken := c.progress(); taken != c.taken {
		c.taken = taken
		c.writes.state.CompareAndSwap(seen, now<<clockAt|theClient)
	} else if exceeds(seen, now, limits) {
		c.wake(&c.writes, seen, c.net.SetWriteDeadline)
	}
}

func exceeds(seen, now int64, limits []int64) bool {
	phase := seen & (timeUp - 1)
	return phase != nothing && seen&timeUp == 0 && now-seen>>clockAt > limits[phase]+1
}

// wake has a read or write that waits return. The lock is for who finds that the time
// was up after all was well: the deadline is set before it is taken off again.
func (c *conn) wake(w *wait, seen int64, setDeadline func(time.Time) error) {
	c.waking.Lock()
	defer c.waking.Unlock()
	if w.state.CompareAndSwap(seen, seen|timeUp) {
		_ = setDeadline(time.Unix(1, 0))
	}
}

// goOn ends a wait for something that has come.
func (c *conn) goOn(w *wait, setDeadline func(time.Time) error) {
	if w.end() {
		c.waking.Lock()
		defer c.waking.Unlock()
		_ = setDeadline(time.Time{})
	}
}

// progress is how much the client has taken of what was written, where the connection
// knows: otherwise the time is that of one write. That the system takes more says little:
// it does so when a large part of its buffer, of megabytes perhaps, has emptied.
func (c *conn) progress() uint64 {
	if counter, ok := socketOf(c.net).(interface{ Taken() uint64 }); ok {
		return counter.Taken()
	}
	return 0
}
