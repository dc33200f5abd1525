package front

import (
	"context"
	"net"
	"net/http"
)

// HTTP/2 has http.Servers of its own. Each connection begins at the one for
// HTTP/1, whose handler sees the preface of HTTP/2 as a request (net/http lets it
// pass for this purpose). So GOAWAY can be sent, which is what an http.Server's
// Shutdown does, while requests of HTTP/1 are still read, which ends with it.

func (s *Server) newHTTP2() *http.Server {
	handler := func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, nil) }
	return s.newHTTP(http.HandlerFunc(handler), (*http.Protocols).SetUnencryptedHTTP2)
}

const prefaceHead = "PRI * HTTP/2.0\r\n\r\n"

// isPreface says whether a request is the first part of RFC 9113 3.4's preface.
func isPreface(r *http.Request) bool {
	return r.Method == "PRI" && r.URL.Path == "*" && r.Proto == "HTTP/2.0" && len(r.Header) == 0
}

// handOver gives the connection of a preface to the http.Server for HTTP/2.
func (s *Server) handOver(w http.ResponseWriter, c *tracked) {
	if c == nil {
		return // of a listener that gives out connections of others
	}
	c.http2.Store(true) // before Hijack: connState has to know why
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		c.http2.Store(false)
		return
	}
	rest, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	c.ahead = append([]byte(prefaceHead), rest...)
	one := &oneConn{conn: conn}
	for tried := (*http.Server)(nil); one.conn != nil; {
		server := s.lastHTTP2()
		if server == tried { // no newer one is to come
			_ = c.socket.Close()
			s.forget(c)
			return
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
