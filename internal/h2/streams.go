package h2

import (
	"highball/internal/h1"
)

// How streams begin and end. All of it needs the connection's lock.

// history are the last streams that were closed: what still comes on them depends on
// who has closed them (RFC 9113 5.1).
type history struct {
	ids  [256]uint32
	ours [256]bool
	next uint8
}

func (h *history) add(id uint32, ours bool) {
	h.ids[h.next], h.ours[h.next] = id, ours
	h.next++
}

func (h *history) find(id uint32) (known, ours bool) {
	for i, closed := range h.ids {
		if closed == id {
			return true, h.ours[i]
		}
	}
	return false, false
}

// byUs says whether we have reset a stream: what the client sent before it knew is
// passed over.
func (h *history) byUs(id uint32) bool {
	_, ours := h.find(id)
	return ours
}

// open begins a stream with the block that was read.
func (c *conn) open(id uint32) *fault {
	c.lastID = id
	if c.leaving.final {
		c.closed.add(id, true) // its client will ask elsewhere
		return nil
	}
	if c.load >= c.server.maxStreams() {
		if !c.calm.spend() {
			return connFault(enhanceYourCalm, "RFC 9113 10.5", "a flood of requests beyond the limit")
		}
		return streamFault(id, refusedStream, "RFC 9113 5.1.2", "more than %d requests in hand", c.server.maxStreams())
	}
	h, m := c.block.readHead()
	if m != nil && c.block.tooLarge == "" {
		return streamFault(id, protocolError, m.clause, "%s", m.reason)
	}
	c.calm.earn(8)
	st := c.newStream(id)
	st.remoteEnded, st.declared = c.block.ends, h.length
	st.request.Method = h.method
	if c.block.tooLarge != "" {
		st.refusal = &h1.Refusal{Status: 431, Clause: "RFC 6585 5", Reason: c.block.tooLarge}
		st.declared = -1
	} else if st.refusal = h.refusal(c.block.limits); st.refusal == nil {
		st.refusal = c.makeRequest(st, &h)
	}
	if st.refusal != nil && c.server.Refused != nil {
		c.server.Refused(c.net, st.refusal)
	}
	c.streams[id] = st
	c.takesOn()
	c.ready = append(c.ready, st)
	return nil
}

// forget closes a stream, whose handler may still run. It has to be told to the client
// by the caller.
func (c *conn) forget(st *stream, why error) {
	if st.gone != nil {
		return
	}
	st.gone = why
	delete(c.streams, st.id)
	c.leaveQueue(st)
	c.giveBack(st.body.discard())
	st.changed.Broadcast()
	if why != errDone {
		st.ctx.cancel()
	}
	if st.answered > 0 {
		c.load--
		c.output.changed.Broadcast()
		c.rest()
	}
}

// drop takes a stream that is closed out of those whose handlers are to be started.
func (c *conn) drop(st *stream) {
	if st.started {
		return
	}
	for i, ready := range c.ready {
		if ready == st {
			c.ready[i] = nil
			c.load--
			c.rest()
			return
		}
	}
}

// reset ends a stream from our side.
func (c *conn) reset(st *stream, code code, why error) {
	if st.gone != nil {
		return
	}
	c.answerWith(appendReset(c.output.room(c.server), st.id, code))
	c.closed.add(st.id, true)
	c.forget(st, why)
}

// resetFor resets the stream of a fault, open or not. The error is a fault of the
// connection.
func (c *conn) resetFor(f *fault) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(f)
	if st := c.streams[f.stream]; st != nil {
		c.drop(st)
		c.reset(st, f.code, errFault)
	} else {
		c.closed.add(f.stream, true)
		c.answerWith(appendReset(c.output.room(c.server), f.stream, f.code))
	}
	if !c.calm.reset() {
		return connFault(enhanceYourCalm, "RFC 9113 10.5", "a flood of streams with faults")
	}
	return nil
}

// done ends a stream whose handler has returned. One whose client has not said all may
// end by itself: what is left of its body is often on its way.
func (c *conn) done(st *stream, whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st.body.over = true
	st.changed.Broadcast()
	left := st.body.readers > 0 || st.waits.since > 0 // somebody, by the handler
	switch {
	case st.gone != nil:
	case !st.localEnded:
		c.reset(st, internalError, errFault)
	case !st.remoteEnded:
		c.giveBack(st.body.discard())
		st.answered = c.server.warden.clock.Load() + 1
		return
	default:
		c.closed.add(st.id, false)
		c.calm.finished()
		c.forget(st, errDone)
	}
	c.load--
	c.rest()
	c.output.changed.Broadcast()
	if whole && !left && c.server.Borrows {
		c.server.recycle(st)
	}
}
