//go:build !linux

package rawio

import (
	"io"
	"sync/atomic"
	"syscall"
)

// Conn is what it was made of: elsewhere the scheduler is told.
type Conn struct {
	io.ReadWriter
	sent atomic.Uint64
}

// New returns a Conn of what c is.
func New(c syscall.Conn) (*Conn, error) { return &Conn{ReadWriter: c.(io.ReadWriter)}, nil }

// Write is io.Writer's.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.ReadWriter.Write(p)
	c.sent.Add(uint64(n))
	return n, err
}

// WriteTwo writes a and then b.
func (c *Conn) WriteTwo(a, b []byte) (int, error) {
	n, err := c.Write(a)
	if err != nil {
		return n, err
	}
	more, err := c.Write(b)
	return n + more, err
}

// Sent is how many bytes the system has taken so far.
func (c *Conn) Sent() uint64 { return c.sent.Load() }

// ReadLate reads into a buffer of b. The caller returns p, unless it is nil.
func (c *Conn) ReadLate(b Buffers) (p []byte, n int, err error) {
	p = b.Get()
	if n, err = c.Read(p); n > 0 {
		return p, n, nil
	}
	b.Put(p)
	return nil, 0, err
}

// SendFile sends nothing here: who calls it copies.
func (c *Conn) SendFile(uintptr, int64) (int64, error) { return 0, syscall.ENOSYS }
