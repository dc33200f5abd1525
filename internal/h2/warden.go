package h2

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// warden ends the waits of connections and streams that last too long. It looks at all
// of them several times a second, so that no request costs a timer.
type warden struct {
	mu      sync.Mutex
	first   *conn
	running bool
	clock   atomic.Int64 // ticks since it first ran
}

// tick is how often the warden looks, so that no time is exceeded by much.
func (s *Server) tick() time.Duration {
	shortest := min(s.idleTimeout(), s.headTimeout(), s.writeTimeout(), s.linger())
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

// all are the connections there are.
func (s *Server) all() (conns []*conn) {
	s.warden.mu.Lock()
	defer s.warden.mu.Unlock()
	for c := s.warden.first; c != nil; c = c.after {
		conns = append(conns, c)
	}
	return slices.Clip(conns)
}

// times are the server's, in ticks.
type times struct{ head, idle, write, linger int64 }

// guard looks at the connections until there are none.
func (s *Server) guard() {
	length := s.tick()
	limits := times{
		int64(s.headTimeout() / length), int64(s.idleTimeout() / length),
		int64(s.writeTimeout() / length), int64(s.linger() / length),
	}
	ticker := time.NewTicker(length)
	defer ticker.Stop()
	for range ticker.C {
		now := s.warden.clock.Add(1)
		s.warden.mu.Lock()
		for c := s.warden.first; c != nil; c = c.after {
			c.check(now, limits)
		}
		over := s.warden.first == nil
		s.warden.running = !over
		s.warden.mu.Unlock()
		if over {
			return
		}
	}
}

// check ends what c waits for if it has waited for more than its limit.
func (c *conn) check(now int64, limits times) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkWrite(now, limits.write)
	if c.over {
		return
	}
	if since := c.partial.Load(); since > 0 && exceeds(now, since-1, limits.head) {
		c.stop(connFault(enhanceYourCalm, "RFC 9110 15.5.9", "a frame, a head or the preface has not come within %s", c.server.headTimeout()))
	}
	if c.load == 0 && c.idleFrom != busy && exceeds(now, c.idleFrom, limits.idle) {
		c.stop(&fault{})
	}
	switch {
	case c.leaving.said && !c.leaving.final && exceeds(now, c.leaving.since, limits.linger):
		c.heard()
		c.rest()
	case c.server.draining.Load() && !c.leaving.said && exceeds(now, c.began, limits.linger):
		c.sayGoAway()
	}
	c.checkStreams(now, limits)
}

func exceeds(now, since, limit int64) bool { return now-since > limit+1 }

// checkStreams resets those whose clients take nothing of them, or go on asking after
// they had their answer (RFC 9113 8.1).
func (c *conn) checkStreams(now int64, limits times) {
	for _, st := range c.streams {
		since := st.waits.since - 1
		if st.waits.shared {
			since = max(since, c.flow.moved)
		}
		switch {
		case st.waits.since > 0 && exceeds(now, since, limits.write):
			c.reset(st, internalError, errSlow)
		case st.answered > 0 && exceeds(now, st.answered-1, limits.linger):
			c.reset(st, noError, errDone)
		}
	}
}

// checkWrite ends a write of which the client takes nothing.
func (c *conn) checkWrite(now, limit int64) {
	since := c.output.writing
	if since == 0 {
		return
	}
	if taken := c.progress(); taken != c.taken {
		c.taken, c.output.writing = taken, now+1
	} else if exceeds(now, since-1, limit) {
		_ = c.net.SetWriteDeadline(time.Unix(1, 0))
	}
}

// progress is how much the client has taken of what was written, where the connection
// knows: otherwise the time is that of one write.
func (c *conn) progress() uint64 {
	socket := c.net
	if secure, ok := socket.(interface{ NetConn() net.Conn }); ok {
		socket = secure.NetConn()
	}
	if counter, ok := socket.(interface{ Taken() uint64 }); ok {
		return counter.Taken()
	}
	return 0
}
