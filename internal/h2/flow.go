package h2

// flow are the windows of a connection (RFC 9113 5.2), and who waits for them.
type flow struct {
	send    int64 // that the client gives
	initial int64 // for a new stream

	recv     int64 // that the client has left
	most     int64 // that it has at first
	consumed int64 // bytes that it may be given again

	queue []*stream // in the order of their turns to send DATA
	heads []*stream // that wait for room alone
	moved int64     // tick when something was last sent
}

func newFlow(s *Server) flow {
	most := min(int64(s.maxStreams())*int64(s.streamBuffer()), maxWindow)
	most = max(most, initialWindow+1)
	return flow{send: initialWindow, initial: initialWindow, recv: most, most: most}
}

// waits says for what a stream waits that has something to send.
type waits struct {
	since  int64 // tick + 1, or 0
	shared bool  // for what all streams of the connection share
}

// turn waits until some of n bytes of DATA may be sent, and says how many; 0 is a head,
// which needs room only. Those that wait get a frame each in turn. It needs mu.
func (c *conn) turn(st *stream, n int) (int, error) {
	defer func() { st.waits = waits{} }()
	for {
		if err := c.unsendable(st); err != nil {
			c.leaveQueue(st)
			return 0, err
		}
		if n > 0 && st.window <= 0 {
			c.leaveQueue(st)
			c.pause(st, false)
			continue
		}
		room := len(c.output.pending) < enough
		switch {
		case n == 0 && room:
			return 0, nil
		case n == 0:
			c.flow.heads = append(c.flow.heads, st)
			c.pause(st, true)
			continue
		}
		first := len(c.flow.queue) == 0 || c.flow.queue[0] == st
		if first && room && c.flow.send > 0 {
			c.leaveQueue(st)
			return int(min(int64(n), st.window, c.flow.send, maxFrame)), nil
		}
		if !st.queued {
			st.queued = true
			c.flow.queue = append(c.flow.queue, st)
		}
		c.pause(st, true)
	}
}

func (c *conn) unsendable(st *stream) error {
	switch {
	case st.gone != nil:
		return st.gone
	case c.output.err != nil:
		return c.output.err
	case st.writing.over():
		return errDeadline
	}
	return nil
}

// pause waits for news. What the stream has to say already is not kept for that.
func (c *conn) pause(st *stream, shared bool) {
	c.kick()
	if st.waits.since == 0 || st.waits.shared != shared {
		st.waits = waits{c.server.warden.clock.Load() + 1, shared}
	}
	st.wait(&st.writing)
}

// leaveQueue has the next one try. It needs mu.
func (c *conn) leaveQueue(st *stream) {
	if !st.queued {
		return
	}
	st.queued = false
	for i, other := range c.flow.queue {
		if other == st {
			c.flow.queue = append(c.flow.queue[:i], c.flow.queue[i+1:]...)
			break
		}
	}
	c.wakeFirst()
}

// flushed is called when there may be room. It needs mu.
func (c *conn) flushed() {
	for _, st := range c.flow.heads {
		st.changed.Broadcast()
	}
	clear(c.flow.heads)
	c.flow.heads = c.flow.heads[:0]
	c.wakeFirst()
}

// wakeFirst is called when there may be room, or a window. It needs mu.
func (c *conn) wakeFirst() {
	if len(c.flow.queue) > 0 {
		c.flow.queue[0].changed.Broadcast()
	}
}

// sendData sends p, and with its last frame the stream's end. It needs mu, and gives it
// back while it waits.
func (c *conn) sendData(st *stream, p []byte, ends bool) (sent int, err error) {
	for len(p) > 0 {
		n, err := c.turn(st, len(p))
		if err != nil {
			return sent, err
		}
		flags := uint8(0)
		if ends && n == len(p) {
			flags, st.localEnded = flagEndStream, true
		}
		b := appendHead(c.output.room(c.server), n, data, flags, st.id)
		c.output.pending = append(b, p[:n]...)
		st.window -= int64(n)
		c.flow.send -= int64(n)
		c.flow.moved = c.server.warden.clock.Load()
		if n >= substance || flags != 0 {
			c.calm.earn(4)
		}
		if p, sent = p[n:], sent+n; flags == 0 {
			c.kick()
		} else {
			c.kickForAnswer()
		}
	}
	if ends && !st.localEnded {
		if _, err := c.turn(st, 0); err != nil {
			return sent, err
		}
		st.localEnded = true
		c.output.pending = appendHead(c.output.room(c.server), 0, data, flagEndStream, st.id)
		c.kickForAnswer()
	}
	return sent, nil
}
