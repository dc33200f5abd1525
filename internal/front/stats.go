package front

import (
	"sync/atomic"
	"time"
)

// Stats is what has happened since the server began.
type Stats struct {
	Open int // connections
	Max  int // how many may be open; 0: no limit

	Accepted          int64 // connections
	RefusedPerAddress int64 // of these, closed: their clients had as many as they may
	Evicted           int64 // closed while idle, for new ones
	Waited            int64 // for room: none was idle

	OpenQUIC     int   // of those that are open
	RefusedQUIC  int64 // tries to begin one: there was no room, and they cannot wait
	RequestsQUIC int64 // of HTTP/3

	Handshakes       int64 // of TLS, that were completed
	Resumed          int64 // of these, with a session of before
	HandshakesFailed int64
	PlainOnTLS       int64 // of these, requests in the clear

	Received, Sent int64 // bytes

	Refusals map[string]int64 // what was no request, by the clause that says so
}

// totals are counted since the server began. What is received and sent on
// connections that are open is not yet among them.
type totals struct {
	accepted, refusedPerAddress, evicted, waited atomic.Int64
	received, sent                               atomic.Int64
	refusedQUIC                                  atomic.Int64

	handshakes, resumed, handshakesFailed, plainOnTLS atomic.Int64
}

// Stats gives the counters as they are now.
func (s *Server) Stats() Stats {
	t := &s.totals
	stats := Stats{
		Max: s.admission.most, Accepted: t.accepted.Load(), RefusedPerAddress: t.refusedPerAddress.Load(),
		Evicted: t.evicted.Load(), Waited: t.waited.Load(), Refusals: s.refusals.all(),
		Handshakes: t.handshakes.Load(), Resumed: t.resumed.Load(),
		HandshakesFailed: t.handshakesFailed.Load(), PlainOnTLS: t.plainOnTLS.Load(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stats.Open, stats.Received, stats.Sent = len(s.conns), t.received.Load(), t.sent.Load()
	for c := range s.conns {
		stats.Received += c.received.Load()
		stats.Sent += int64(c.raw.Sent())
	}
	s.addQUIC(&stats)
	return stats
}

// now is a clock that is cheap to read.
func (s *Server) now() time.Duration { return time.Since(s.born) }
