package front

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"highball/internal/origin"
	"highball/internal/rawio"
)

// tracked is what is known of a connection: whether it may be closed without a loss.
type tracked struct {
	raw    *rawConn
	socket socket
	conn   net.Conn // the whole, this among it
	server *Server
	ahead  []byte // to be read before what comes; a header of the PROXY protocol sets it

	preface []byte // what was read before it turned out to speak HTTP/2

	introduced introduced // by a proxy

	http2   atomic.Bool    // frames come here, not requests
	closing atomic.Bool    // what comes is thrown away
	secure  bool           // it is below TLS, whose handshake is complete
	origin  *origin.Origin // of each of its requests, nil for nothing

	queued  context.Context // see WhileQueued
	unqueue context.CancelFunc

	// waiting means that nothing is asked: no byte has come since the connection
	// was accepted or since its last answer. Reads look at it without mu.
	waiting atomic.Bool
	expired atomic.Bool // nothing was asked for too long: of a drain, or while others wait

	idleSince atomic.Int64 // when the time of waiting began, of Server.now

	received atomic.Int64  // bytes
	before   atomic.Uint64 // bytes that had been sent when the last of these came
	lastData atomic.Int64  // when that was, of Server.now; only below TLS

	address netip.Addr // that it is counted by; Server.mu guards it

	mu    sync.Mutex
	spell int // counts the times of waiting, for timers that come too late
}

// socket is what *net.TCPConn and *net.UnixConn can do.
type socket interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

func newTracked(c socket, s *Server) (*tracked, error) {
	raw, err := newRawConn(c)
	t := &tracked{raw: raw, socket: c, server: s}
	t.queued, t.unqueue = context.WithCancel(context.Background())
	return t, err
}

func (c *tracked) track() *tracked { return c }

func (c *tracked) read(p []byte) (int, error) {
	switch {
	case len(c.ahead) > 0:
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	case c.expired.Load():
		return c.readLast(p)
	}
	n, err := c.raw.Read(p)
	c.note(n)
	if n > 0 && c.waiting.Load() && !c.closing.Load() && !c.http2.Load() {
		c.arrived()
	}
	if err != nil && c.expired.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		return c.readLast(p)
	}
	return n, err
}

// note counts what has come.
func (c *tracked) note(n int) {
	if n > 0 {
		c.received.Add(int64(n))
		c.before.Store(c.raw.Sent())
		if c.secure {
			c.lastData.Store(int64(c.server.now()))
		}
	}
}

// ReadLate is a Read that needs no buffer while it waits.
func (c *tracked) ReadLate(b rawio.Buffers) (p []byte, n int, err error) {
	if len(c.ahead) > 0 {
		p = b.Get()
		n, err = c.read(p)
		return p, n, err
	}
	if !c.expired.Load() {
		p, n, err = c.raw.ReadLate(b)
		c.note(n)
		if n > 0 && c.waiting.Load() && !c.closing.Load() && !c.http2.Load() {
			c.arrived()
		}
		if err == nil || !c.expired.Load() || !errors.Is(err, os.ErrDeadlineExceeded) {
			return p, n, err
		}
	}
	p = b.Get()
	if n, err = c.readLast(p); err != nil {
		b.Put(p)
		return nil, 0, err
	}
	return p, n, nil
}

// WriteTwo is rawConn's, for the engine.
func (c *tracked) WriteTwo(a, b []byte) (int, error) { return c.raw.WriteTwo(a, b) }

// Taken is how many bytes the client has taken, in all.
func (c *tracked) Taken() uint64 { return c.raw.Sent() - unsent(c.socket) }

// readFrom sends a file without copying it where that can be had.
func (c *tracked) readFrom(src io.Reader) (int64, error) {
	n, err := c.raw.sendFile(src)
	if err != nil {
		return n, err
	}
	more, err := io.Copy(struct{ io.Writer }{c.raw}, src)
	return n + more, err
}

// readLast reads what has come before the end of the linger was noticed: a
// deadline that is over hides it.
func (c *tracked) readLast(p []byte) (n int, err error) {
	control(c.socket, func(fd int) bool {
		for {
			if n, err = syscall.Read(fd, p); err != syscall.EINTR {
				return true
			}
		}
	})
	c.note(max(n, 0))
	switch {
	case n > 0 && c.closing.Load():
		return 0, c.raw.wrap("read", os.ErrDeadlineExceeded)
	case n > 0 && c.http2.Load(): // whether that asks something its server will tell
		c.stay()
		return n, nil
	case n > 0:
		c.arrived()
		return n, nil
	case err == nil:
		return 0, io.EOF
	case err == syscall.EAGAIN:
		return 0, c.raw.wrap("read", os.ErrDeadlineExceeded)
	}
	return 0, c.raw.wrap("read", err)
}

// arrived ends a time of waiting: something was asked.
func (c *tracked) arrived() {
	if !c.waiting.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting.Store(false)
	c.spell++
	c.mayStay()
}

// stay takes an expiry back.
func (c *tracked) stay() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mayStay()
}

// mayStay takes an expiry back. Both engines have their own times for what comes. It
// needs mu.
func (c *tracked) mayStay() {
	if c.expired.Swap(false) {
		_ = c.socket.SetReadDeadline(time.Time{})
	}
}

// Idle begins a time of waiting.
func (c *tracked) Idle() {
	c.idleSince.Store(int64(c.server.now()))
	c.waiting.Store(true)
	if c.server.draining.Load() {
		c.limitRest()
	}
}

// limitRest has the connection close if it goes on waiting for the linger of a
// drain, from now.
func (c *tracked) limitRest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.waiting.Load() || c.http2.Load() { // HTTP/2 has its GOAWAY
		return
	}
	spell := c.spell
	time.AfterFunc(c.server.linger, func() { c.expire(spell) })
}

// expire ends a connection, if this is still its time of waiting of that number.
func (c *tracked) expire(spell int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting.Load() && c.spell == spell {
		c.end()
	}
}

// evict ends a connection, if it still waits since then.
func (c *tracked) evict(since time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.waiting.Load() || c.idleSince.Load() != int64(since) {
		return false
	}
	c.end()
	return true
}

// end has the read that waits end, and with it the connection. It is not closed from
// here: what has come by now is still read, and answered. It needs mu.
func (c *tracked) end() {
	c.expired.Store(true)
	_ = c.socket.SetReadDeadline(time.Unix(1, 0))
}

// Closing says that nothing is lost any more if the connection is cut.
func (c *tracked) Closing() {
	c.closing.Store(true)
	c.Idle()
}
