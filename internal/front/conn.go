package front

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// lingerTime and lingerBytes bound how long a connection that is to close goes
// on taking what the client still sends: a close with unread data would reset
// the connection and could destroy the response on its way (RFC 9112 9.6).
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 1 << 20
)

// listener gives out connections that can stop reading.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case *net.TCPConn:
		raw, err := newRawConn(c)
		return &tcpConn{TCPConn: c, raw: raw}, err
	case *net.UnixConn:
		raw, err := newRawConn(c)
		return &unixConn{UnixConn: c, raw: raw}, err
	}
	return c, nil
}

// tcpConn embeds the concrete type, so that sendfile and the like still work.
type tcpConn struct {
	*net.TCPConn
	raw     *rawConn
	stopped atomic.Bool
}

func (c *tcpConn) Read(p []byte) (int, error) {
	if c.stopped.Load() {
		return 0, io.EOF
	}
	return c.raw.Read(p)
}

func (c *tcpConn) Write(p []byte) (int, error) { return c.raw.Write(p) }

func (c *tcpConn) stopReading() { c.stopped.Store(true) }

func (c *tcpConn) Close() error {
	if c.stopped.Load() {
		linger(c.TCPConn)
	}
	return c.TCPConn.Close()
}

type unixConn struct {
	*net.UnixConn
	raw     *rawConn
	stopped atomic.Bool
}

func (c *unixConn) Read(p []byte) (int, error) {
	if c.stopped.Load() {
		return 0, io.EOF
	}
	return c.raw.Read(p)
}

func (c *unixConn) Write(p []byte) (int, error) { return c.raw.Write(p) }

func (c *unixConn) stopReading() { c.stopped.Store(true) }

func (c *unixConn) Close() error {
	if c.stopped.Load() {
		linger(c.UnixConn)
	}
	return c.UnixConn.Close()
}

type closeWriter interface {
	net.Conn
	CloseWrite() error
}

// linger ends our direction and throws away what still comes.
func linger(c closeWriter) {
	if c.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c, lingerBytes)
}

type connKey struct{}

func rememberConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// StopReading has the HTTP/1 connection of a request's context read nothing
// more: it closes after the response, whose way is kept clear. It reports
// whether the connection is one of ours.
func StopReading(ctx context.Context) bool {
	c, ok := ctx.Value(connKey{}).(interface{ stopReading() })
	if ok {
		c.stopReading()
	}
	return ok
}
