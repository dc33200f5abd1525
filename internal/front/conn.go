package front

import (
	"context"
	"io"
	"net"
	"time"
)

// lingerTime and lingerBytes bound how long a connection that is to close goes
// on taking what the client still sends: a close with unread data would reset
// the connection and could destroy the response on its way (RFC 9112 9.6).
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 1 << 20
)

// track makes a connection one of ours; of other networks it stays as it is.
func track(c net.Conn, s *Server) (net.Conn, error) {
	switch c := c.(type) {
	case *net.TCPConn:
		t, err := newTracked(c, s)
		return &tcpConn{c, t}, err
	case *net.UnixConn:
		t, err := newTracked(c, s)
		return &unixConn{c, t}, err
	}
	return c, nil
}

// tcpConn embeds the concrete type, so that sendfile and the like still work.
type tcpConn struct {
	*net.TCPConn
	*tracked
}

func (c *tcpConn) Read(p []byte) (int, error)  { return c.tracked.read(p) }
func (c *tcpConn) Write(p []byte) (int, error) { return c.raw.Write(p) }
func (c *tcpConn) Close() error                { return c.tracked.close() }

type unixConn struct {
	*net.UnixConn
	*tracked
}

func (c *unixConn) Read(p []byte) (int, error)  { return c.tracked.read(p) }
func (c *unixConn) Write(p []byte) (int, error) { return c.raw.Write(p) }
func (c *unixConn) Close() error                { return c.tracked.close() }

// linger ends our direction and throws away what still comes, for a time.
func linger(c socket, limit time.Duration) {
	if c.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(limit))
	_, _ = io.CopyN(io.Discard, c, lingerBytes)
}

type connKey struct{}

func rememberConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection of a request's context, nil if it is not ours.
func connOf(ctx context.Context) *tracked {
	if c, ok := ctx.Value(connKey{}).(interface{ track() *tracked }); ok {
		return c.track()
	}
	return nil
}

// StopReading has the HTTP/1 connection of a request's context read nothing
// more: it closes after the response, whose way is kept clear. It reports
// whether the connection is one of ours.
func StopReading(ctx context.Context) bool {
	c := connOf(ctx)
	if c != nil {
		c.stopReading()
	}
	return c != nil
}
