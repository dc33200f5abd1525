package h2

import (
	"io"
	"net/http"
)

// keptBody bounds the memory for a body that is kept with its stream, in bytes.
const keptBody = 32 << 10

// body is a request's body: what has come of it and was not read. Its fields are
// guarded by the connection's lock.
type body struct {
	stream  *stream
	buf     []byte
	r       int
	expects bool // the client waits for "100 Continue"
	over    bool // nobody reads it any more
	readers int  // who do at the moment
	trailed bool // the request has its trailer
}

func (b *body) put(p []byte) {
	if b.r > 0 && len(b.buf)+len(p) > cap(b.buf) {
		b.buf = b.buf[:copy(b.buf, b.buf[b.r:])]
		b.r = 0
	}
	b.buf = append(b.buf, p...)
}

// discard throws away what was not read.
func (b *body) discard() int {
	n := len(b.buf) - b.r
	b.buf, b.r = b.buf[:0], 0
	return n
}

func (b *body) kept() []byte {
	if cap(b.buf) > keptBody {
		return nil
	}
	return b.buf[:0]
}

// Read has "100 Continue" sent by the first call that has to wait (RFC 9110 10.1.1),
// unless the response has begun.
func (b *body) Read(p []byte) (int, error) {
	st := b.stream
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	b.readers++
	defer func() { b.readers-- }()
	for {
		switch {
		case b.over:
			return 0, http.ErrBodyReadAfterClose
		case len(p) == 0:
			return 0, nil
		case b.r < len(b.buf):
			n := copy(p, b.buf[b.r:])
			if b.r += n; b.r == len(b.buf) {
				b.buf, b.r = b.buf[:0], 0
			}
			c.consume(st, n)
			return n, nil
		case st.remoteEnded:
			b.addTrailer()
			return 0, io.EOF
		case st.gone != nil:
			return 0, st.readError()
		case st.reading.over():
			return 0, errDeadline
		}
		if b.expects {
			b.expects = false
			c.appendHeaders(st.id, appendStatus(nil, http.StatusContinue), false)
			c.kick()
		}
		st.wait(&st.reading)
	}
}

// addTrailer gives the request what has come behind its body, of what was announced.
func (b *body) addTrailer() {
	if b.trailed {
		return
	}
	b.trailed = true
	for _, f := range b.stream.trailer {
		if values, ok := b.stream.request.Trailer[f.Name]; ok {
			b.stream.request.Trailer[f.Name] = append(values, f.Value)
		}
	}
}

// consume lets the client send as much again on a stream, once that is worth a frame.
// It needs mu.
func (c *conn) consume(st *stream, n int) {
	if st.gone != nil {
		return // all of it was given back
	}
	c.giveBack(n)
	st.consumed += n
	if st.remoteEnded || st.consumed < c.server.streamBuffer()/4 {
		return
	}
	st.recv += int64(st.consumed)
	c.answerWith(appendWindowUpdate(c.output.room(c.server), st.id, st.consumed))
	st.consumed = 0
}

// Close is for handlers that are done with it: who reads it is woken.
func (b *body) Close() error {
	c := b.stream.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !b.over {
		b.over = true
		c.giveBack(b.discard())
		b.stream.changed.Broadcast()
	}
	return nil
}
