package harness

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
)

// Call is an exchange under way.
type Call struct {
	t       testing.TB
	s       stream
	method  string
	res     *Response // nil until the head is there
	body    strings.Builder
	read    int    // how much of the body has come
	pending string // of the body, read too far
	ended   bool
	err     error // why it was cut
}

// Send sends more of the request's body.
func (c *Call) Send(pieces ...string) *Call {
	c.t.Helper()
	for _, piece := range pieces {
		if err := c.s.send(piece); err != nil {
			c.t.Fatalf("sending: %v", err)
		}
	}
	return c
}

// End ends the request's body.
func (c *Call) End() *Call {
	c.t.Helper()
	if err := c.s.end(nil); err != nil {
		c.t.Fatalf("ending: %v", err)
	}
	return c
}

// Leave ends the exchange as a client does that has lost its interest: by a reset
// of the stream, or of the connection where there are no streams.
func (c *Call) Leave() { c.s.leave() }

// Silent fails the test if anything comes within a Blink.
func (c *Call) Silent() {
	c.t.Helper()
	if e, err := c.s.next(Blink); !errors.Is(err, errNothing) {
		c.t.Fatalf("nothing should have come yet: %+v, %v", e, err)
	}
}

// Head returns the final head, with the interim ones in it; the body is left to be
// read as it comes.
func (c *Call) Head() *Response {
	c.t.Helper()
	c.awaitHead()
	if c.res == nil {
		c.t.Fatalf("the exchange ended before its head: %v", c.err)
	}
	return c.res
}

// Interim returns the next interim response, alone.
func (c *Call) Interim() *Response {
	c.t.Helper()
	e, err := c.s.next(Patience)
	if err != nil || e.head == nil || e.head.Status >= 200 {
		c.t.Fatalf("got %+v, %v; want an interim response", e, err)
	}
	return e.head
}

func (c *Call) awaitHead() {
	c.t.Helper()
	var interim []*Response
	for c.res == nil && !c.ended {
		e, err := c.s.next(Patience)
		switch {
		case errors.Is(err, errNothing):
			c.t.Fatal("no head came")
		case err != nil || e.head == nil:
			c.ended, c.err = true, err
		case e.head.Status < 200:
			interim = append(interim, e.head)
		default:
			c.res = e.head
			c.res.Interim = interim
		}
	}
}

// Some returns what comes next of the body; "" at the end, be it whole or cut.
func (c *Call) Some() string {
	c.t.Helper()
	c.Head()
	if piece := c.pending; piece != "" {
		c.pending = ""
		return piece
	}
	if c.ended {
		return ""
	}
	e, err := c.s.next(Patience)
	if errors.Is(err, errNothing) {
		c.t.Fatalf("the body neither goes on nor ends after %d bytes", c.read)
	}
	if err != nil || e.piece == "" {
		c.ended, c.err = true, err
		c.res.Body, c.res.Trailers = c.body.String(), e.trailers
		c.res.Complete = err == nil && c.lengthHolds()
	}
	c.read += len(e.piece)
	c.body.WriteString(e.piece)
	return e.piece
}

// lengthHolds: RFC 9113 8.1.1, RFC 9114 4.1.2; in HTTP/1 the length is the framing.
func (c *Call) lengthHolds() bool {
	n, err := strconv.Atoi(c.res.Get("Content-Length"))
	return err != nil || hasNoBody(c.method, c.res.Status) || n == c.read
}

func hasNoBody(method string, status int) bool {
	return method == "HEAD" || status == 204 || status == 304
}

// Expect reads as many bytes of the body as want has, and compares.
func (c *Call) Expect(want string) {
	c.t.Helper()
	var got strings.Builder
	for got.Len() < len(want) {
		piece := c.Some()
		if piece == "" {
			break
		}
		rest := min(len(piece), len(want)-got.Len())
		got.WriteString(piece[:rest])
		c.pending = piece[rest:]
	}
	if got.String() != want {
		c.t.Fatalf("got %.300q of the body, want %.300q", got.String(), want)
	}
}

// ExpectEnd fails the test unless the response is whole, and ends here.
func (c *Call) ExpectEnd() {
	c.t.Helper()
	if more := c.Some(); more != "" || !c.res.Complete {
		c.t.Fatalf("the body goes on with %.300q, or is cut: %v", more, c.err)
	}
}

// Discard reads the rest of the body into w, and returns how many bytes that were.
func (c *Call) Discard(w io.Writer) (size int) {
	c.t.Helper()
	for piece := c.Some(); piece != ""; piece = c.Some() {
		size += len(piece)
		_, _ = io.WriteString(w, piece)
		c.body.Reset()
	}
	return size
}

// Response reads all of it.
func (c *Call) Response() *Response {
	c.t.Helper()
	c.Head()
	for c.Some() != "" {
	}
	return c.res
}

// Outcome is Response, or nil where the exchange is cut before its head.
func (c *Call) Outcome() *Response {
	c.t.Helper()
	if c.awaitHead(); c.res == nil {
		return nil
	}
	return c.Response()
}

// CutAfter reads a response that has to be cut after this much of its body. Where a
// reset may overtake what was sent before it, less may have come, even no head.
func (c *Call) CutAfter(w Wire, status int, body string) error {
	c.t.Helper()
	if c.awaitHead(); c.res == nil {
		if w.Can(Remains) {
			return fmt.Errorf("no head came: %w", c.err)
		}
		return nil
	}
	res := c.Response()
	if res.Complete && !w.Can(Framing) && !res.Has("Content-Length") {
		res.Complete = false // nobody could tell
	}
	whole := res.Body == body || !w.Can(Remains) && strings.HasPrefix(body, res.Body)
	if res.Complete || res.Status != status || !whole {
		return fmt.Errorf("got %s, %.100q, complete: %t; want it cut after %.100q", res.Line, res.Body, res.Complete, body)
	}
	return nil
}
