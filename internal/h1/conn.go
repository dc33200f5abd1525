package h1

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A connection that is closed while its client sends goes on taking for a while:
// a close with unread data resets it, and may destroy the response on its way
// (RFC 9112 9.6). The bytes are what a fast way holds when the answer sets out, and more.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// conn is one connection.
type conn struct {
	server  *Server
	net     net.Conn
	in      Reader
	out     output
	ctx     context.Context // of the connection; each request has a child of it
	remote  string
	watcher Watcher
	request *http.Request // of a handler that only borrows; its context is ctx
	tls     *tls.ConnectionState

	reads, writes wait
	headBegan     int64 // tick
	waking        sync.Mutex
	deadlines     atomic.Bool // the handler has set some

	before, after *conn  // in the warden's list, under its lock
	taken         uint64 // when the warden last looked
}

// serve reports whether somebody else has the connection now.
func (c *conn) serve() (handedOver bool) {
	if c.server.Foreign != nil {
		c.serveForeign()
		return false
	}
	for first := true; c.await(); first = false {
		h, err := c.readHead()
		if err != nil {
			if first && isPreface(err) && c.watcher.Preface(append([]byte(prefaceLine), c.in.Buffered()...)) {
				return true
			}
			c.refuse(err)
			return false
		}
		if !c.exchange(h) {
			return false
		}
		if len(c.in.Buffered()) == 0 {
			c.watcher.Idle()
		}
	}
	return false
}

// await waits for the first bytes of a request.
func (c *conn) await() bool {
	c.reads.begin(aRequest, c.server.warden.clock.Load())
	err := c.in.await()
	if err != nil && c.reads.tooLong() && errors.Is(err, os.ErrDeadlineExceeded) {
		// What has come in the last moment is served.
		_ = c.net.SetReadDeadline(time.Now().Add(time.Millisecond))
		err = c.in.await()
	}
	c.headBegan = c.server.warden.clock.Load()
	c.goOn(&c.reads, c.net.SetReadDeadline)
	return err == nil
}

// readHead reads a head. One that does not come with its first bytes has a time for it.
func (c *conn) readHead() (*Head, error) {
	c.in.src = headSource{c}
	h, err := c.in.readHead(c.server.Borrows)
	c.in.src = c.net
	if err != nil && c.reads.tooLong() && errors.Is(err, os.ErrDeadlineExceeded) {
		err = &Refusal{http.StatusRequestTimeout, "RFC 9110 15.5.9", "the head has not come within " + c.server.headTimeout().String()}
	}
	c.goOn(&c.reads, c.net.SetReadDeadline)
	return h, err
}

// headSource reads what follows the first bytes of a head.
type headSource struct{ c *conn }

func (s headSource) Read(p []byte) (int, error) {
	if s.c.reads.state.Load() == nothing {
		s.c.reads.begin(theHead, s.c.headBegan)
	}
	return s.c.net.Read(p)
}

// refuse answers what is no request, and closes the connection in order. One that
// ended gets no answer.
func (c *conn) refuse(err error) {
	refusal := c.tell(err)
	if refusal == nil {
		return
	}
	page := fmt.Sprintf("%d %s\n", refusal.Status, http.StatusText(refusal.Status))
	c.out.writeString(fmt.Sprintf("HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		refusal.Status, http.StatusText(refusal.Status), c.server.dates.now(), len(page)))
	if !c.in.forHEAD { // RFC 9110 9.3.2
		c.out.writeString(page)
	}
	if c.out.flush() == nil {
		c.linger()
	}
}

// What follows a request on its connection.
type sequel int

const (
	goesOn sequel = iota
	ends
	lingers // and then ends
)

// tell has the server's owner know of a refusal, if err is one.
func (c *conn) tell(err error) (refusal *Refusal) {
	if errors.As(err, &refusal) && c.server.Refused != nil {
		c.server.Refused(c.net, refusal)
	}
	return refusal
}

// exchange serves one request, and says whether another may follow.
func (c *conn) exchange(h *Head) (goOn bool) {
	x := c.newExchange(h)
	r, cancel, refusal := c.newRequest(x)
	if refusal != nil {
		c.refuse(refusal)
		return false
	}
	next, whole := c.answer(x, r)
	c.end(x, cancel, whole)
	if next == lingers {
		c.linger()
	}
	return next == goesOn
}

// answer says as well whether the handler has returned: one that panicked may have left
// somebody behind.
func (c *conn) answer(x *exchange, r *http.Request) (next sequel, whole bool) {
	w := &x.response
	whole = c.call(w, r)
	x.body.leave()
	switch {
	case !whole || w.finish() != nil:
		c.cut()
		return ends, whole
	case w.close || !x.body.drain():
		return lingers, true
	}
	return goesOn, true
}

// end has nothing left of an exchange. What somebody may still use serves nobody else.
func (c *conn) end(x *exchange, cancel context.CancelFunc, whole bool) {
	if cancel != nil {
		cancel()
	}
	if c.deadlines.Swap(false) {
		_ = c.net.SetDeadline(time.Time{})
	}
	if !whole {
		return
	}
	c.out.giveBack()
	if c.server.Borrows {
		c.server.recycle(x)
	}
}

// call runs the handler. After a panic nothing more can be said on the connection.
func (c *conn) call(w *response, r *http.Request) (ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			ok = false
			if cause != http.ErrAbortHandler {
				c.server.logger().Error("a handler panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			}
		}
	}()
	c.server.Handler.ServeHTTP(w, r)
	return true
}

// cut has nobody take what was sent for the whole: TLS would say that it is, by the
// way it closes (RFC 9112 9.8), and wait for a client that takes nothing to take that.
func (c *conn) cut() {
	if _, ok := c.net.(secured); ok {
		_ = socketOf(c.net).Close()
	}
}

// linger ends our direction and throws away what still comes, for a time.
func (c *conn) linger() {
	c.watcher.Closing()
	half, ok := c.net.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.net.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c.net, lingerBytes)
}

// Write has the client's time to take it bounded.
func (c *conn) Write(p []byte) (int, error) {
	c.writes.begin(theClient, c.server.warden.clock.Load())
	n, err := c.net.Write(p)
	c.goOn(&c.writes, c.net.SetWriteDeadline)
	return n, err
}

// WriteTwo writes a and then b, together if the connection can.
func (c *conn) WriteTwo(a, b []byte) (n int, err error) {
	c.writes.begin(theClient, c.server.warden.clock.Load())
	if two, ok := c.net.(interface {
		WriteTwo(a, b []byte) (int, error)
	}); ok {
		n, err = two.WriteTwo(a, b)
	} else if n, err = c.net.Write(a); err == nil {
		n, err = c.net.Write(b)
		n += len(a)
	}
	c.goOn(&c.writes, c.net.SetWriteDeadline)
	return n, err
}

// ReadFrom sends a file, if the connection can without copying it.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	c.writes.begin(theClient, c.server.warden.clock.Load())
	n, err := c.net.(io.ReaderFrom).ReadFrom(src)
	c.goOn(&c.writes, c.net.SetWriteDeadline)
	return n, err
}
