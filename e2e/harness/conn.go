package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Conn is a raw connection to a server.
type Conn struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

// Dial connects to the server; the connection closes when the test ends.
func (s *Server) Dial(t testing.TB) *Conn {
	t.Helper()
	return Dial(t, "tcp", s.Address)
}

// Dial connects to any address.
func Dial(t testing.TB, network, address string) *Conn {
	t.Helper()
	c, err := net.DialTimeout(network, address, Patience)
	if err != nil {
		t.Fatal(err)
	}
	return Wrap(t, c)
}

// Wrap makes a Conn of a connection.
func Wrap(t testing.TB, c net.Conn) *Conn {
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(Patience))
	return &Conn{Conn: c, t: t, r: bufio.NewReader(c)}
}

// Send writes exactly these bytes.
func (c *Conn) Send(parts ...string) *Conn {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, strings.Join(parts, "")); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
	return c
}

// CloseWrite ends our direction (FIN); the other stays open.
func (c *Conn) CloseWrite() *Conn {
	c.t.Helper()
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		c.t.Fatalf("%T has no half-close", c.Conn)
	}
	if err := half.CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// Reset ends the connection by RST.
func (c *Conn) Reset() {
	c.t.Helper()
	if err := reset(c.Conn); err != nil {
		c.t.Fatal(err)
	}
}

// Silent fails the test if a byte, or the end, comes within a Blink.
func (c *Conn) Silent() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(Blink))
	b, err := c.r.Peek(1)
	if !isTimeout(err) {
		c.t.Fatalf("nothing should have come yet: %q, %v", b, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(Patience))
}

// Expect reads as many bytes as want has, and compares.
func (c *Conn) Expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.r, got)
	if err != nil || string(got) != want {
		c.t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// ExpectEnd fails the test unless the connection ends here. A reset is an end
// as well, where the test has sent what the server did not read.
func (c *Conn) ExpectEnd() {
	c.t.Helper()
	if rest := c.Rest(); rest != "" {
		c.t.Fatalf("the connection goes on with %q", rest)
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// Rest reads what comes until the connection ends.
func (c *Conn) Rest() string {
	c.t.Helper()
	rest, err := io.ReadAll(c.r)
	if isTimeout(err) {
		c.t.Fatalf("the connection does not end; it went on with %q", rest)
	}
	return string(rest)
}

// Some reads what comes next, at least a byte of it; "" at the connection's end.
func (c *Conn) Some() string {
	c.t.Helper()
	b := make([]byte, 4096)
	n, err := c.r.Read(b)
	if isTimeout(err) {
		c.t.Fatal("the connection neither goes on nor ends")
	}
	return string(b[:n])
}

// Response reads one response to a request of the given method, and the 1xx
// responses before it.
func (c *Conn) Response(method string) *Response {
	c.t.Helper()
	r, err := readResponse(c.r, method)
	if err != nil {
		c.t.Fatalf("reading a response: %v", err)
	}
	return r
}

// Do sends one request on a connection of its own and reads the response.
func (s *Server) Do(t testing.TB, request string) *Response {
	t.Helper()
	return s.Dial(t).Send(request).Response(methodOf(request))
}

func methodOf(request string) string {
	method, _, _ := strings.Cut(request, " ")
	return method
}

// Get is Do for a plain GET of path.
func (s *Server) Get(t testing.TB, path string, fields ...string) *Response {
	t.Helper()
	return s.Do(t, Request("GET", path, fields...))
}

// Request is the head of an HTTP/1.1 request.
func Request(method, path string, fields ...string) string {
	head := method + " " + path + " HTTP/1.1\r\nHost: test.example\r\n"
	for _, f := range fields {
		head += f + "\r\n"
	}
	return head + "\r\n"
}

// Post is an HTTP/1.1 request with a body.
func Post(path, body string, fields ...string) string {
	return Request("POST", path, append(fields, fmt.Sprintf("Content-Length: %d", len(body)))...) + body
}

// PostChunked is the same with the body in chunks.
func PostChunked(path string, chunks ...string) string {
	return Request("POST", path, "Transfer-Encoding: chunked") + Chunked(chunks...)
}

// Chunked encodes a body.
func Chunked(chunks ...string) string {
	var b strings.Builder
	for _, chunk := range chunks {
		if chunk != "" { // an empty one would be the last
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(chunk), chunk)
		}
	}
	return b.String() + "0\r\n\r\n"
}
