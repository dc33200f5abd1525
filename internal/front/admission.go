package front

import (
	"net"
	"time"
)

// evictAfter is how long nothing has to have been asked on a connection before it may
// be closed for a new one: a client that is about to ask again would lose its request.
const evictAfter = time.Second

// lookAgain is how long a connection that waits for room waits before it looks for an
// idle one again. The end of any other ends that wait.
const lookAgain = 100 * time.Millisecond

// How many connections are looked at to find one that is idle: of some candidates the
// longest idle one is good enough, and of many that are busy not all have to be seen.
const (
	enoughIdle = 64
	enoughSeen = 1024
)

// admission is what bounds the connections that are open. Server.mu guards it.
type admission struct {
	most       int // 0: no limit
	perAddress addresses
	idleFor    time.Duration // evictAfter, but in tests

	waiting int           // listeners that have a connection for which there is no room
	freed   chan struct{} // one of them is to look
}

func newAdmission(o Options) admission {
	return admission{
		most: max(o.MaxConnections, 0), perAddress: newAddresses(o), idleFor: evictAfter,
		freed: make(chan struct{}, 1),
	}
}

// serveNew serves a connection that was accepted, once there is room for it.
func (s *Server) serveNew(nc net.Conn, how Listening) {
	s.totals.accepted.Add(1)
	if c := trackedOf(nc); c != nil && !s.admit(c, how) {
		return
	}
	go s.serveConn(nc, how)
}

// admit waits until there is room for a connection, and remembers it. If there is to
// be none it closes it. While it waits others do so in the backlog of the listener.
func (s *Server) admit(c *tracked, how Listening) bool {
	s.mu.Lock()
	if how.Proxied == nil && !s.admission.perAddress.take(c) { // else its client is not known yet
		s.mu.Unlock()
		s.refuseAddress(c)
		return false
	}
	s.awaitRoom()
	defer s.mu.Unlock()
	if s.cut.Load() {
		s.admission.perAddress.give(c)
		c.unqueue()
		_ = c.socket.Close()
		return false
	}
	s.conns[c] = struct{}{}
	c.Idle()
	return true
}

// full says that one more has to wait. A drain lets in what the backlog holds.
func (s *Server) full() bool {
	return s.admission.most > 0 && len(s.conns)+s.quicOpen >= s.admission.most && !s.draining.Load() && !s.cut.Load()
}

// awaitRoom returns when there is room for one more. It needs mu, and gives it back
// while it waits.
func (s *Server) awaitRoom() {
	a := &s.admission
	if !s.full() {
		return
	}
	a.waiting++
	var victim *tracked
	for counted := false; s.full(); {
		if victim == nil || !s.leaves(victim) {
			if victim = s.evict(); victim == nil && s.evictQUIC() {
				counted = true // it is on its way out
			}
		}
		waits := victim == nil && !counted
		counted = counted || waits
		s.mu.Unlock()
		s.tellFull(victim != nil, waits)
		select {
		case <-a.freed:
		case <-time.After(lookAgain):
		}
		s.mu.Lock()
	}
	a.waiting--
	s.wake() // there may be room for another one's, too
}

// wake has a listener that waits for room look again. It needs mu.
func (s *Server) wake() {
	if s.admission.waiting == 0 {
		return
	}
	select {
	case s.admission.freed <- struct{}{}:
	default: // one is about to
	}
}

// leaves says whether a connection that was told to go is still about to. It needs mu.
func (s *Server) leaves(c *tracked) bool {
	_, there := s.conns[c]
	return there && c.expired.Load()
}

// evict closes a connection on which nothing is asked, in a way that loses no
// request; nil if there is none. It needs mu.
func (s *Server) evict() *tracked {
	var longest *tracked
	now, since, idle, seen := s.now(), time.Duration(0), 0, 0
	for c := range s.conns {
		if seen++; seen > enoughSeen || idle >= enoughIdle {
			break
		}
		began := time.Duration(c.idleSince.Load())
		if !c.waiting.Load() || c.expired.Load() || now-began < s.admission.idleFor {
			continue
		}
		if idle++; longest == nil || began < since {
			longest, since = c, began
		}
	}
	if longest == nil || !longest.evict(since) {
		return nil
	}
	s.totals.evicted.Add(1)
	return longest
}

// tellFull tells the log, now and then, that there are as many as there may be.
func (s *Server) tellFull(evicts, waits bool) {
	if waits {
		s.totals.waited.Add(1)
	}
	advice := "; raise max-connections, and the limit of descriptors with it (LimitNOFILE of systemd, ulimit -n)"
	switch {
	case evicts && s.tellEvicted.Due():
		s.options.Logger.Warn("max-connections is reached: idle connections are closed for new ones"+advice,
			"max_connections", s.admission.most, "closed", s.totals.evicted.Load())
	case waits && s.tellWaits.Due():
		s.options.Logger.Warn("max-connections is reached and none is idle: new connections wait until others end"+advice,
			"max_connections", s.admission.most, "waited", s.totals.waited.Load())
	}
}
