package front

import (
	"context"
	"net"
	"net/http"
)

// HTTP/2 has http.Servers of its own. Each connection begins at the engine for
// HTTP/1, which knows the preface of HTTP/2.

// maxStreams is how many requests one connection of HTTP/2 may have in hand: RFC 9113
// 6.5.2 wants no fewer than 100.
const maxStreams = 128

// streamBuffer is how much of a body, in bytes, may have come that its handler has not
// read. The connection has room for that of all streams: a body that waits for its turn
// would keep those from coming that are read, and their clients would seem to be slow.
const streamBuffer = 512 << 10

func (s *Server) newHTTP2() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP2(true)
	return &http.Server{
		Handler: http.HandlerFunc(s.serveStream), Protocols: protocols,
		ReadHeaderTimeout: s.options.HeaderTimeout, IdleTimeout: s.options.IdleTimeout, MaxHeaderBytes: s.options.Limits.Head,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, WriteByteTimeout: s.options.SendTimeout,
			MaxReceiveBufferPerStream: streamBuffer, MaxReceiveBufferPerConnection: maxStreams * streamBuffer,
		},
		ConnContext: rememberConn, ConnState: s.connState, ErrorLog: s.log,
	}
}

// Preface gives the connection to the http.Server for HTTP/2, with what has been read.
// Over TLS it is negotiated, and not begun like that (RFC 9113 3.2).
func (c *tracked) Preface(read []byte) bool {
	if c.secure {
		return false
	}
	c.ahead = append(read, c.ahead...)
	c.serveHTTP2(c.conn)
	return true
}

// serveHTTP2 gives the connection, or its TLS, to the http.Server for HTTP/2.
func (c *tracked) serveHTTP2(conn net.Conn) {
	c.http2.Store(true)
	one := &oneConn{conn: conn}
	for tried := (*http.Server)(nil); one.conn != nil; {
		server := c.server.lastHTTP2()
		if server == tried { // no newer one is to come
			_ = c.socket.Close()
			c.server.forget(c)
			break
		}
		_ = server.Serve(one)
		tried = server
	}
}

func (s *Server) lastHTTP2() *http.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.http2[len(s.http2)-1]
}

// oneConn is a listener that gives out one connection.
type oneConn struct{ conn net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	if l.conn == nil {
		return nil, net.ErrClosed
	}
	c := l.conn
	l.conn = nil
	return c, nil
}

func (*oneConn) Close() error   { return nil }
func (*oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// goAway sends GOAWAY on the connections of servers, which take no more. They
// close when their streams have ended.
func goAway(servers []*http.Server) {
	ended, cancel := context.WithCancel(context.Background())
	cancel() // what is to be waited for is s.conns
	for _, server := range servers {
		_ = server.Shutdown(ended)
	}
}
