package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2/hpack"

	"highball/internal/h1"
)

// block is a field block (RFC 9113 4.3): of a HEADERS frame, and those that continue it.
type block struct {
	stream    uint32 // 0: none is open
	ends      bool   // its stream, too
	dependent bool   // on itself
	text      []byte // what has come, where there is more than one frame
	frames    int

	limits   h1.Limits
	fields   []h1.Field
	size     int // RFC 9113 6.5.2: of names, values, and 32 bytes for each
	crumbs   int // of Cookie
	tooLarge string
}

// take is called by the decoder for each field. What is too large is not kept, but
// decoded: the table that both sides have goes on.
func (b *block) take(f hpack.HeaderField) {
	if b.size += int(f.Size()); b.size > b.limits.Head {
		b.tooLarge = "the head is too large"
		return
	}
	if f.Name == "cookie" {
		b.crumbs++
	}
	if len(b.fields)-max(b.crumbs-1, 0) >= b.limits.Fields+pseudoFields {
		b.tooLarge = "there are too many fields"
		return
	}
	b.fields = append(b.fields, h1.Field{Name: f.Name, Value: f.Value})
}

// mostText bounds what is decoded of a block, in bytes. Between the limit of a head and
// this one its request alone is refused.
func (b *block) mostText() int { return 4 * b.limits.Head }

// mostFrames bounds the frames of a block, empty ones among them.
func (b *block) mostFrames() int { return 16 + b.limits.Head/1024 }

func (c *conn) receiveHeaders(h head, p []byte) *fault {
	if h.stream%2 == 0 {
		return connFault(protocolError, "RFC 9113 5.1.1", "HEADERS on stream %d", h.stream)
	}
	b := &c.block
	b.ends, b.dependent, b.frames = h.has(flagEndStream), false, 0
	if h.has(flagPadded) {
		if len(p) == 0 {
			return connFault(frameSizeError, "RFC 9113 6.2", "no length of the padding")
		}
		padding := int(p[0])
		if p = p[1:]; padding > len(p) {
			return connFault(protocolError, "RFC 9113 6.2", "more padding than there is in the frame")
		}
		p = p[:len(p)-padding]
	}
	if h.has(flagPriority) {
		if len(p) < 5 {
			return connFault(frameSizeError, "RFC 9113 6.2", "HEADERS without its priority")
		}
		b.dependent = binary.BigEndian.Uint32(p)&maxID == h.stream
		p = p[5:]
	}
	if h.has(flagEndHeaders) {
		return c.decode(h.stream, p)
	}
	b.stream, b.text = h.stream, append(b.text[:0], p...)
	return nil
}

func (c *conn) receiveContinuation(h head, p []byte) *fault {
	b := &c.block
	if b.stream == 0 {
		return connFault(protocolError, "RFC 9113 6.10", "CONTINUATION of nothing")
	}
	if b.frames++; b.frames > b.mostFrames() || len(b.text)+len(p) > b.mostText() {
		return connFault(enhanceYourCalm, "RFC 9113 10.5.1", "a head that does not end")
	}
	b.text = append(b.text, p...)
	if !h.has(flagEndHeaders) {
		return nil
	}
	stream, text := b.stream, b.text
	b.stream = 0
	if cap(text) > readBuffer {
		b.text = nil
	}
	return c.decode(stream, text)
}

// decode takes a block apart, whatever becomes of its stream.
func (c *conn) decode(stream uint32, text []byte) *fault {
	b := &c.block
	clear(b.fields)
	b.fields, b.size, b.crumbs, b.tooLarge = b.fields[:0], 0, 0, ""
	_, err := c.decoder.Write(text)
	if err == nil {
		err = c.decoder.Close()
	}
	if err != nil {
		return connFault(compressionError, "RFC 9113 4.3", "a field block that cannot be decoded: %v", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.dependent {
		return streamFault(stream, protocolError, "RFC 7540 5.3.1", "a stream that depends on itself")
	}
	if st := c.streams[stream]; st != nil {
		return c.receiveTrailer(st)
	}
	if stream <= c.lastID {
		return c.headersOfClosed(stream)
	}
	return c.open(stream)
}

// headersOfClosed: RFC 9113 5.1, 5.1.1.
func (c *conn) headersOfClosed(stream uint32) *fault {
	switch known, ours := c.closed.find(stream); {
	case ours:
		return nil
	case known:
		return connFault(streamClosed, "RFC 9113 5.1", "HEADERS on a closed stream")
	}
	return connFault(protocolError, "RFC 9113 5.1.1", "HEADERS on stream %d behind stream %d", stream, c.lastID)
}

// receiveTrailer takes the fields behind a body (RFC 9113 8.1).
func (c *conn) receiveTrailer(st *stream) *fault {
	switch {
	case st.remoteEnded:
		return streamFault(st.id, streamClosed, "RFC 9113 5.1", "HEADERS behind the end of its stream")
	case !c.block.ends:
		return streamFault(st.id, protocolError, "RFC 9113 8.1", "fields behind a body that do not end the stream")
	case c.block.tooLarge != "":
		return streamFault(st.id, protocolError, "RFC 6585 5", "behind the body %s", c.block.tooLarge)
	}
	for _, f := range c.block.fields {
		if reason := checkField(f); reason != "" {
			return streamFault(st.id, protocolError, "RFC 9113 8.2.1", "behind the body %s", reason)
		}
		if f.Name[0] == ':' {
			return streamFault(st.id, protocolError, "RFC 9113 8.1", "a pseudo-field behind the body")
		}
		if reason := ofConnection(f); reason != "" {
			return streamFault(st.id, protocolError, "RFC 9113 8.2.2", "behind the body %s", reason)
		}
		st.trailer = append(st.trailer, h1.Field{Name: c.canonical(f.Name), Value: f.Value})
	}
	return c.endRemote(st)
}
