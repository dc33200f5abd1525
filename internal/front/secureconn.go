package front

import (
	"crypto/tls"
	"net"
	"sync"

	"highball/internal/h1"
)

// secureConn is a connection of ours that speaks TLS. What its records hold asks
// something; what they are sent in does not.
type secureConn struct {
	*tls.Conn
	*tracked
	wire *wireConn
	lent []byte // what tracked.ahead lies in
}

// NetConn is the connection below.
func (c *secureConn) NetConn() net.Conn { return c.wire.Conn }

func (c *secureConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.waiting.Load() && !c.closing.Load() && !c.http2.Load() {
		c.arrived() // it had come with the handshake, or with what was asked before
	}
	return n, err
}

// Write has what is written leave at once, in however many records.
func (c *secureConn) Write(p []byte) (int, error) { return c.WriteTwo(p, nil) }

// WriteTwo writes both by one call of the system, if they are not large.
func (c *secureConn) WriteTwo(a, b []byte) (n int, err error) {
	c.wire.gather()
	if n, err = c.Conn.Write(a); err == nil && len(b) > 0 {
		var m int
		m, err = c.Conn.Write(b)
		n += m
	}
	if flushErr := c.wire.flush(); err == nil {
		err = flushErr
	}
	return n, err
}

// ReadLate is a Read that needs no buffer while it waits. What TLS has read already
// must not be waited for.
func (c *secureConn) ReadLate(b h1.Buffers) ([]byte, int, error) {
	p := b.Get()
	c.wire.late = true
	n, err := c.Read(p)
	c.wire.late = false
	c.giveBack(b)
	if n > 0 {
		return p, n, nil
	}
	b.Put(p)
	if _, nothing := err.(notYet); !nothing {
		return nil, 0, err
	}
	raw, n, err := c.tracked.ReadLate(b)
	if err != nil {
		return nil, 0, err
	}
	c.lent, c.ahead = raw, raw[:n]
	p = b.Get()
	n, err = c.Read(p)
	c.giveBack(b)
	if n == 0 {
		b.Put(p)
		return nil, 0, err
	}
	return p, n, nil
}

// giveBack returns a buffer all of which TLS has read.
func (c *secureConn) giveBack(b h1.Buffers) {
	if c.lent != nil && len(c.ahead) == 0 {
		b.Put(c.lent)
		c.lent = nil
	}
}

// notYet says that nothing has come. TLS takes it for a time that is over, after which
// one may read again.
type notYet struct{}

func (notYet) Error() string   { return "nothing has come yet" }
func (notYet) Timeout() bool   { return true }
func (notYet) Temporary() bool { return true }

// gatherMost is how much, in bytes, is gathered of what TLS writes.
const gatherMost = 64 << 10

// wireConn is what TLS reads from and writes to.
type wireConn struct {
	net.Conn
	t    *tracked
	late bool // a read must not wait; only the reader looks at it

	mu        sync.Mutex
	gathering bool
	gathered  []byte
}

func (c *wireConn) track() *tracked { return c.t }

func (c *wireConn) Read(p []byte) (int, error) {
	if c.late && len(c.t.ahead) == 0 {
		return 0, notYet{}
	}
	return c.Conn.Read(p)
}

func (c *wireConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gathering {
		return c.Conn.Write(p)
	}
	if c.gathered == nil {
		c.gathered = c.t.server.gathers.Get().(*gatherBuffer)[:0]
	}
	if len(c.gathered)+len(p) > cap(c.gathered) {
		if err := c.send(); err != nil {
			return 0, err
		}
	}
	c.gathered = append(c.gathered, p...)
	return len(p), nil
}

// gather has what is written wait for flush.
func (c *wireConn) gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering = true
}

func (c *wireConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.send()
	c.gathering = false
	if cap(c.gathered) == gatherMost {
		c.t.server.gathers.Put((*gatherBuffer)(c.gathered[:gatherMost]))
	}
	c.gathered = nil
	return err
}

// send sends what was gathered. It needs mu.
func (c *wireConn) send() error {
	if len(c.gathered) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.gathered)
	c.gathered = c.gathered[:0]
	return err
}

type gatherBuffer [gatherMost]byte
