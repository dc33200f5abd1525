package h2

// receiveData takes a DATA frame (RFC 9113 6.1), whose body is passed on as it comes:
// a slow client's frame may take long.
func (c *conn) receiveData(h head) error {
	if h.stream == 0 {
		return connFault(protocolError, "RFC 9113 6.1", "DATA on stream 0")
	}
	left, padding := h.length, 0
	if h.has(flagPadded) {
		if left == 0 {
			return connFault(frameSizeError, "RFC 9113 6.1", "no length of the padding")
		}
		if err := c.need(1); err != nil {
			return err
		}
		padding = int(c.in.take(1)[0])
		if left--; padding > left {
			return connFault(protocolError, "RFC 9113 6.1", "more padding than there is in the frame")
		}
		left -= padding
	}
	if f := c.beginData(h, left); f != nil {
		if f.stream == 0 {
			return f
		}
		if err := c.resetFor(f); err != nil {
			return err
		}
	}
	if err := c.pass(left, func(p []byte) { c.deliver(h.stream, p) }); err != nil {
		return err
	}
	if err := c.pass(padding, func([]byte) {}); err != nil {
		return err
	}
	if h.has(flagEndStream) {
		if f := c.endData(h.stream); f != nil {
			return f
		}
	}
	return nil
}

// pass gives the next n bytes to do, in pieces.
func (c *conn) pass(n int, do func(p []byte)) error {
	for n > 0 {
		if err := c.need(1); err != nil {
			return err
		}
		p := c.in.take(min(n, c.in.buffered()))
		n -= len(p)
		do(p)
	}
	return nil
}

// beginData sees whether a DATA frame may come; size is that of its data.
func (c *conn) beginData(h head, size int) *fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if int64(h.length) > c.flow.recv {
		return connFault(flowControlError, "RFC 9113 6.9.1", "more DATA than the connection's window")
	}
	c.flow.recv -= int64(h.length)
	c.giveBack(h.length - size)
	if size == 0 && !h.has(flagEndStream) && !c.calm.spend() {
		return connFault(enhanceYourCalm, "RFC 9113 10.5", "a flood of empty DATA")
	}
	if size >= substance {
		c.calm.earn(1)
	}
	st := c.streams[h.stream]
	switch {
	case c.isIdle(h.stream):
		return connFault(protocolError, "RFC 9113 5.1", "DATA on an idle stream")
	case (st == nil || st.remoteEnded) && !c.calm.spend():
		return connFault(enhanceYourCalm, "RFC 9113 10.5", "a flood of DATA for closed streams")
	case st == nil && c.closed.byUs(h.stream):
		return nil
	case st == nil || st.remoteEnded:
		return streamFault(h.stream, streamClosed, "RFC 9113 5.1", "DATA behind the end of its stream")
	case int64(h.length) > st.recv:
		return streamFault(h.stream, flowControlError, "RFC 9113 6.9.1", "more DATA than the stream's window")
	}
	if st.answered > 0 && st.recv < int64(c.server.streamBuffer()/2) {
		c.reset(st, noError, errDone) // RFC 9113 8.1
		return nil
	}
	st.recv -= int64(h.length)
	st.consumed += h.length - size
	if st.received += int64(size); st.declared >= 0 && st.received > st.declared {
		return streamFault(h.stream, protocolError, "RFC 9113 8.1.1", "more DATA than Content-Length says")
	}
	return nil
}

// deliver gives a piece of a body to its request, if there is one.
func (c *conn) deliver(id uint32, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.streams[id]
	if st == nil || st.body.over {
		c.giveBack(len(p))
		return
	}
	st.body.put(p)
	st.changed.Broadcast()
}

// endData ends a body.
func (c *conn) endData(id uint32) *fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.streams[id]
	if st == nil || st.remoteEnded {
		return nil
	}
	return c.endRemote(st)
}

// endRemote notes that the client has said all. It needs mu.
func (c *conn) endRemote(st *stream) *fault {
	if st.declared >= 0 && st.received != st.declared {
		return streamFault(st.id, protocolError, "RFC 9113 8.1.1", "less DATA than Content-Length says")
	}
	st.remoteEnded = true
	st.changed.Broadcast()
	if st.answered > 0 {
		c.closed.add(st.id, false)
		c.forget(st, errDone)
	}
	return nil
}

// giveBack lets the client send as much again on the connection. It needs mu.
func (c *conn) giveBack(n int) {
	c.flow.consumed += int64(n)
	if c.flow.consumed > 0 && c.flow.consumed >= c.flow.most/4 && !c.over {
		c.flow.recv += c.flow.consumed
		c.answerWith(appendWindowUpdate(c.output.room(c.server), 0, int(c.flow.consumed)))
		c.flow.consumed = 0
	}
}
