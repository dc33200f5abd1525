package front

import (
	"context"
	"io"
	"net"

	"highball/internal/h1"
	"highball/internal/h3"
	"highball/internal/origin"
)

// track makes a connection one of ours; of other networks it stays as it is.
func track(c net.Conn, s *Server) (net.Conn, error) {
	switch c := c.(type) {
	case *net.TCPConn:
		t, err := newTracked(c, s)
		own := &tcpConn{c, t}
		t.conn = own
		return own, err
	case *net.UnixConn:
		t, err := newTracked(c, s)
		own := &unixConn{c, t}
		t.conn = own
		return own, err
	}
	return c, nil
}

// tcpConn embeds the concrete type, so that sendfile and the like still work.
type tcpConn struct {
	*net.TCPConn
	*tracked
}

func (c *tcpConn) RemoteAddr() net.Addr        { return c.remote() }
func (c *tcpConn) LocalAddr() net.Addr         { return c.local() }
func (c *tcpConn) Read(p []byte) (int, error)  { return c.tracked.read(p) }
func (c *tcpConn) Write(p []byte) (int, error) { return c.raw.Write(p) }

// ReadFrom is of the file that a response is.
func (c *tcpConn) ReadFrom(src io.Reader) (int64, error) { return c.readFrom(src) }

type unixConn struct {
	*net.UnixConn
	*tracked
}

func (c *unixConn) RemoteAddr() net.Addr        { return c.remote() }
func (c *unixConn) LocalAddr() net.Addr         { return c.local() }
func (c *unixConn) Read(p []byte) (int, error)  { return c.tracked.read(p) }
func (c *unixConn) Write(p []byte) (int, error) { return c.raw.Write(p) }

// ReadFrom is of the file that a response is.
func (c *unixConn) ReadFrom(src io.Reader) (int64, error) { return c.readFrom(src) }

// watch has the engine tell a connection of ours what it does.
func watch(nc net.Conn) h1.Watcher {
	if t := trackedOf(nc); t != nil {
		return t
	}
	return nil
}

// trackedOf returns what is known of a connection, nil if it is not ours.
func trackedOf(nc net.Conn) *tracked {
	if c, ok := nc.(interface{ track() *tracked }); ok {
		return c.track()
	}
	return nil
}

type connKey struct{}

// rememberConn has the requests of a connection know it, and what is known of its origin.
func rememberConn(ctx context.Context, c net.Conn) context.Context {
	ctx = context.WithValue(ctx, connKey{}, c)
	if t := trackedOf(c); t != nil && t.origin != nil {
		ctx = origin.With(ctx, t.origin)
	}
	return ctx
}

// connOf returns the connection of a request's context, nil if it is not ours.
func connOf(ctx context.Context) *tracked {
	if c, ok := ctx.Value(connKey{}).(net.Conn); ok {
		return trackedOf(c)
	}
	return nil
}

// ClosesInOrder says that the connection of a request's context closes by itself, and
// without harm to the response, where the request has not been read to its end.
func ClosesInOrder(ctx context.Context) bool { return connOf(ctx) != nil || h3.Serves(ctx) }
