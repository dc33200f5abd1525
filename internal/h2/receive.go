package h2

import "encoding/binary"

// receive takes a frame whose head was read. The error is a *fault, or what reading gave.
func (c *conn) receive(h head) error {
	switch {
	case !c.greeted && (h.kind != settings || h.has(flagAck)):
		return connFault(protocolError, "RFC 9113 3.4", "the first frame is not SETTINGS")
	case c.block.stream != 0 && (h.kind != continuation || h.stream != c.block.stream):
		return connFault(protocolError, "RFC 9113 4.3", "a frame within a field block")
	case h.length > maxFrame:
		return connFault(frameSizeError, "RFC 9113 4.2", "a frame of %d bytes", h.length)
	case h.kind == data:
		return c.receiveData(h)
	}
	c.within = true
	if err := c.need(h.length); err != nil {
		return err
	}
	c.within = false
	if f := c.receiveWhole(h, c.in.take(h.length)); f != nil {
		return f
	}
	return nil
}

// receiveWhole takes a frame that is not DATA.
func (c *conn) receiveWhole(h head, p []byte) *fault {
	switch h.kind {
	case headers:
		return c.receiveHeaders(h, p)
	case continuation:
		return c.receiveContinuation(h, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.calm.spend() {
		return connFault(enhanceYourCalm, "RFC 9113 10.5", "a flood of frames that ask for nothing")
	}
	switch h.kind {
	case priority:
		return c.receivePriority(h, p)
	case rstStream:
		return c.receiveReset(h, p)
	case settings:
		return c.receiveSettings(h, p)
	case pushPromise:
		return connFault(protocolError, "RFC 9113 8.4", "PUSH_PROMISE from a client")
	case ping:
		return c.receivePing(h, p)
	case goAway:
		return c.receiveGoAway(h, p)
	case windowUpdate:
		return c.receiveWindowUpdate(h, p)
	}
	return nil // RFC 9113 5.5
}

// receivePriority: nothing is made of it (RFC 9113 5.3.2), but it has a form.
func (c *conn) receivePriority(h head, p []byte) *fault {
	switch {
	case h.stream == 0:
		return connFault(protocolError, "RFC 9113 6.3", "PRIORITY on stream 0")
	case len(p) != 5:
		return streamFault(h.stream, frameSizeError, "RFC 9113 6.3", "PRIORITY of %d bytes", len(p))
	case binary.BigEndian.Uint32(p)&maxID == h.stream:
		return streamFault(h.stream, protocolError, "RFC 7540 5.3.1", "a stream that depends on itself")
	}
	return nil
}

func (c *conn) receiveReset(h head, p []byte) *fault {
	switch {
	case h.stream == 0 || c.isIdle(h.stream):
		return connFault(protocolError, "RFC 9113 6.4", "RST_STREAM on a stream that is not open")
	case len(p) != 4:
		return connFault(frameSizeError, "RFC 9113 6.4", "RST_STREAM of %d bytes", len(p))
	}
	st := c.streams[h.stream]
	if st == nil {
		return nil
	}
	c.closed.add(st.id, false)
	c.drop(st)
	c.forget(st, errReset)
	if !c.calm.reset() {
		return connFault(enhanceYourCalm, "RFC 9113 10.5", "a flood of requests that are taken back")
	}
	return nil
}

func (c *conn) receivePing(h head, p []byte) *fault {
	switch {
	case h.stream != 0:
		return connFault(protocolError, "RFC 9113 6.7", "PING on a stream")
	case len(p) != 8:
		return connFault(frameSizeError, "RFC 9113 6.7", "PING of %d bytes", len(p))
	case h.has(flagAck):
		c.heard()
		return nil
	}
	c.answerWith(append(appendHead(c.output.room(c.server), 8, ping, flagAck, 0), p...))
	return nil
}

// receiveGoAway: the client asks for nothing more, and tells so by what it does.
func (c *conn) receiveGoAway(h head, p []byte) *fault {
	switch {
	case h.stream != 0:
		return connFault(protocolError, "RFC 9113 6.8", "GOAWAY on a stream")
	case len(p) < 8:
		return connFault(frameSizeError, "RFC 9113 6.8", "GOAWAY of %d bytes", len(p))
	}
	return nil
}

func (c *conn) receiveWindowUpdate(h head, p []byte) *fault {
	if len(p) != 4 {
		return connFault(frameSizeError, "RFC 9113 6.9", "WINDOW_UPDATE of %d bytes", len(p))
	}
	n := int64(binary.BigEndian.Uint32(p) & maxWindow)
	if h.stream == 0 {
		return c.openWindow(n)
	}
	st := c.streams[h.stream]
	switch {
	case c.isIdle(h.stream):
		return connFault(protocolError, "RFC 9113 5.1", "WINDOW_UPDATE on an idle stream")
	case st == nil:
		return nil
	case n == 0:
		return streamFault(h.stream, protocolError, "RFC 9113 6.9", "WINDOW_UPDATE of 0")
	case st.window+n > maxWindow:
		return streamFault(h.stream, flowControlError, "RFC 9113 6.9.1", "a window above 2^31-1")
	}
	st.window += n
	st.changed.Broadcast()
	return nil
}

func (c *conn) openWindow(n int64) *fault {
	switch {
	case n == 0:
		return connFault(protocolError, "RFC 9113 6.9", "WINDOW_UPDATE of 0")
	case c.flow.send+n > maxWindow:
		return connFault(flowControlError, "RFC 9113 6.9.1", "a window above 2^31-1")
	}
	c.flow.send += n
	c.wakeFirst()
	return nil
}

// answerWith has control frames sent. Of a client that takes none of them there are no
// more than so many: it is cut.
func (c *conn) answerWith(pending []byte) {
	c.output.pending = pending
	if len(pending) > mostPending {
		c.stop(connFault(enhanceYourCalm, "RFC 9113 10.5", "a client that asks and takes no answers"))
	}
	c.kick()
}

// isIdle says that a stream was never opened: of the even ones none is.
func (c *conn) isIdle(id uint32) bool { return id > c.lastID || id%2 == 0 }
