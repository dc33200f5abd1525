package h2

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	// outputBuffer is what frames are gathered in, in bytes.
	outputBuffer = 40 << 10
	// enough is how much may wait before responses have to, in bytes.
	enough = 16 << 10
	// mostPending is how much may wait in all, in bytes: what a client asks for that
	// is no response has no other bound.
	mostPending = 128 << 10
)

// When answers leave together: a quarter of those that are in hand, none later than this
// after the first, and only if the last write was not long ago.
const (
	together   = 4
	patience   = 500 * time.Microsecond
	succession = time.Millisecond
)

// output gathers the frames of all streams. One goroutine at a time writes them, for as
// long as there are some; the connection's lock guards the rest.
type output struct {
	pending  []byte
	flushing bool
	err      error
	changed  sync.Cond // a flush has ended, or a handler
	writing  int64     // tick since when a write waits for the client, or 0
	told     bool      // the client knows that heads use no table

	answers int         // ends of responses in pending
	flushed time.Time   // when the last flush ended
	later   *time.Timer // of a flush that is put off, or nil
	putOff  bool
}

// room returns what waits, for appending.
func (o *output) room(s *Server) []byte {
	if o.pending == nil {
		o.pending = s.borrowOutput()
	}
	return o.pending
}

func (s *Server) borrowOutput() []byte {
	if p, ok := s.outputs.Get().(*[outputBuffer]byte); ok {
		return p[:0]
	}
	return make([]byte, 0, outputBuffer)
}

// returnOutput takes a buffer back, unless it has grown.
func (s *Server) returnOutput(b []byte) {
	if cap(b) == outputBuffer {
		s.outputs.Put((*[outputBuffer]byte)(b[:outputBuffer]))
	}
}

// flusher is the task of writing.
type flusher conn

// kick has somebody write what waits. It needs mu.
func (c *conn) kick() {
	if !c.output.flushing && len(c.output.pending) > 0 {
		c.output.flushing, c.output.putOff = true, false
		c.server.crew.run((*flusher)(c))
	}
}

// kickForAnswer is kick for the end of a response. Where many requests are in hand and
// answered in quick succession, a few answers leave together: each write costs more
// than such a request does.
func (c *conn) kickForAnswer() {
	o := &c.output
	o.answers++
	if o.flushing || o.answers*together >= c.load || len(o.pending) >= enough || time.Since(o.flushed) > succession {
		c.kick()
		return
	}
	if o.putOff {
		return
	}
	o.putOff = true
	if o.later == nil {
		o.later = time.AfterFunc(patience, c.kickLate)
	} else {
		o.later.Reset(patience)
	}
}

func (c *conn) kickLate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.output.putOff {
		c.kick()
	}
}

// do writes all that waits. First everybody else who can go on does: what they have to
// write leaves in the same call.
func (f *flusher) do() {
	c, o := (*conn)(f), &f.output
	runtime.Gosched()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(o.pending) > 0 && o.err == nil {
		b := o.pending
		o.answers = 0
		o.pending, o.writing = nil, c.server.warden.clock.Load()+1
		c.mu.Unlock()
		_, err := c.net.Write(b)
		c.server.returnOutput(b)
		c.mu.Lock()
		o.writing = 0
		if err != nil {
			c.cut(err)
		}
		c.flow.moved = c.server.warden.clock.Load()
		c.flushed()
	}
	if o.pending != nil {
		c.server.returnOutput(o.pending)
		o.pending = nil
	}
	o.flushing, o.flushed = false, time.Now()
	o.changed.Broadcast()
	c.rest()
}

// cut ends a connection that cannot be written to. It needs mu.
func (c *conn) cut(err error) {
	c.output.err = err
	why := errClientLeft
	if errors.Is(err, os.ErrDeadlineExceeded) {
		why = errSlow
	}
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
	for _, st := range c.streams {
		c.forget(st, why)
	}
}

// appendHeaders adds a field block to what waits. It needs mu.
func (c *conn) appendHeaders(stream uint32, block []byte, ends bool) {
	b, kind, flags := c.output.room(c.server), headers, uint8(0)
	if ends {
		flags = flagEndStream
	}
	for first := true; first || len(block) > 0; first = false {
		extra := 0
		if !c.output.told {
			extra = 1
		}
		n := min(len(block), maxFrame-extra)
		if n == len(block) {
			flags |= flagEndHeaders
		}
		b = appendHead(b, n+extra, kind, flags, stream)
		if extra > 0 {
			c.output.told, b = true, append(b, emptyTable)
		}
		b = append(b, block[:n]...)
		block, kind, flags = block[n:], continuation, 0
	}
	c.output.pending = b
}
