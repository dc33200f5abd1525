package h2

import (
	"io"
	"sync"

	"highball/internal/h1"
)

// readBuffer is what a connection reads into, in bytes: the largest payload fits.
const readBuffer = maxFrame

// inputs are the buffers of connections that have something to read: one that is idle
// has none.
type inputs struct{ pool sync.Pool }

// Get lends a buffer.
func (b *inputs) Get() []byte {
	if p, ok := b.pool.Get().(*[readBuffer]byte); ok {
		return p[:]
	}
	return make([]byte, readBuffer)
}

// Put takes it back.
func (b *inputs) Put(p []byte) {
	if cap(p) >= readBuffer {
		b.pool.Put((*[readBuffer]byte)(p[:readBuffer]))
	}
}

// input is what has been read of a connection and not yet looked at.
type input struct {
	buf   []byte // borrowed, nil while there is nothing in it
	r, w  int
	first [frameHead]byte // is read into where a buffer would have to wait
}

func (in *input) buffered() int { return in.w - in.r }

// take returns the next n bytes, which are there; they stay until the next read.
func (in *input) take(n int) []byte {
	p := in.buf[in.r : in.r+n]
	in.r += n
	return p
}

// lateReader is a connection that can wait without a buffer (rawio.Conn).
type lateReader interface {
	ReadLate(b h1.Buffers) (p []byte, n int, err error)
}

// need reads until n bytes are there, which are no more than fit.
func (c *conn) need(n int) error {
	for c.in.buffered() < n {
		if err := c.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads some more. What the frames so far have brought is seen to first: what
// follows may be long in coming.
func (c *conn) fill() error {
	c.settle()
	in := &c.in
	if in.buffered() == 0 {
		return c.fillEmpty()
	}
	if in.w == len(in.buf) {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
	}
	if len(c.ahead) > 0 {
		n := copy(in.buf[in.w:], c.ahead)
		c.ahead = c.ahead[n:]
		in.w += n
		return nil
	}
	n, err := c.net.Read(in.buf[in.w:])
	in.w += n
	return readError(n, err)
}

// fillEmpty reads when nothing is there: no buffer is held meanwhile.
func (c *conn) fillEmpty() (err error) {
	in := &c.in
	c.releaseInput()
	if len(c.ahead) > 0 {
		in.buf = c.server.inputs.Get()
		in.w = copy(in.buf, c.ahead)
		c.ahead = c.ahead[in.w:]
		return nil
	}
	if late, ok := c.net.(lateReader); ok {
		in.buf, in.w, err = late.ReadLate(&c.server.inputs)
		return readError(in.w, err)
	}
	n, err := c.net.Read(in.first[:])
	if n > 0 {
		in.buf = c.server.inputs.Get()
		in.w = copy(in.buf, in.first[:n])
	}
	return readError(n, err)
}

func (c *conn) releaseInput() {
	if c.in.buf != nil {
		c.server.inputs.Put(c.in.buf)
	}
	c.in.buf, c.in.r, c.in.w = nil, 0, 0
}

// readError: what came counts before what went wrong, which comes again.
func readError(n int, err error) error {
	switch {
	case n > 0:
		return nil
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}
