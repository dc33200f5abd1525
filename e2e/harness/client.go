package harness

import (
	"net"
	"testing"
)

// Client speaks one protocol to a server. It has the server's log; what the Server
// sends by itself is HTTP/1.1.
type Client struct {
	*Server
	Wire
}

// Speak returns the client of a server for a protocol.
func (s *Server) Speak(w Wire) *Client { return &Client{s, w} }

// Line is a connection of a Client.
type Line struct {
	t testing.TB
	l line
}

// Connect connects; the connection closes when the test ends.
func (c *Client) Connect(t testing.TB) *Line {
	t.Helper()
	l, err := c.open(c.Where(c.Listener))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return &Line{t, l}
}

// Local is the client's address, as the server sees it.
func (l *Line) Local() string { return l.l.local() }

// Close closes the connection, as it does by itself when the test ends.
func (l *Line) Close() { l.l.close() }

// Start sends a request.
func (l *Line) Start(e Exchange) *Call {
	l.t.Helper()
	s, err := l.l.start(e)
	if err != nil {
		l.t.Fatalf("%s %s: %v", e.Method, e.Target, err)
	}
	return &Call{t: l.t, s: s, method: e.Method}
}

// Do sends a request and reads its response.
func (l *Line) Do(e Exchange) *Response {
	l.t.Helper()
	return l.Start(e).Response()
}

// Serves is what SERVER_NAME and SERVER_PORT are to be.
func (c *Client) Serves(t testing.TB) (name, port string) {
	t.Helper()
	if c.Listener == "uwsgi" {
		return "test.example", uwsgiPort
	}
	name, port, err := net.SplitHostPort(c.Where(c.Listener))
	if err != nil {
		t.Fatal(err)
	}
	return name, port
}

// Start sends a request on a connection of its own.
func (c *Client) Start(t testing.TB, e Exchange) *Call {
	t.Helper()
	return c.Connect(t).Start(e)
}

// Do sends a request on a connection of its own and reads its response.
func (c *Client) Do(t testing.TB, e Exchange) *Response {
	t.Helper()
	return c.Start(t, e).Response()
}

// Get is Do for a plain GET of path.
func (c *Client) Get(t testing.TB, path string, fields ...string) *Response {
	t.Helper()
	return c.Do(t, Ask("GET", path, fields...))
}

// Together sends requests on one connection before it reads the responses: they are
// pipelined, or run at once on streams of their own.
func (c *Client) Together(t testing.TB, exchanges ...Exchange) []*Response {
	t.Helper()
	l := c.Connect(t)
	calls := make([]*Call, len(exchanges))
	for i, e := range exchanges {
		calls[i] = l.Start(e)
	}
	responses := make([]*Response, len(calls))
	for i, call := range calls {
		responses[i] = call.Response()
	}
	return responses
}

// Dial connects for raw bytes, which the wire has to have.
func (c *Client) Dial(t testing.TB) *Conn {
	t.Helper()
	if !c.Can(Raw) {
		t.Fatalf("%s has no raw bytes", c.Name)
	}
	if c.Listener == "http" {
		return c.Server.Dial(t)
	}
	conn, err := dialTLS(c.Where(c.Listener), "http/1.1")
	if err != nil {
		t.Fatal(err)
	}
	return Wrap(t, conn)
}

// Raw sends a request as it is written and reads the response.
func (c *Client) Raw(t testing.TB, request string) *Response {
	t.Helper()
	return c.Dial(t).Send(request).Response(methodOf(request))
}
