package h1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// Default times, see Server.
const (
	headTimeout = 30 * time.Second
	idleTimeout = 75 * time.Second
)

// A connection that is closed while its client sends goes on taking for a while:
// a close with unread data resets it, and may destroy the response on its way
// (RFC 9112 9.6).
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 1 << 20
)

// conn is one connection.
type conn struct {
	server *Server
	net    net.Conn
	in     *Reader
	out    output
	ctx    context.Context // of the connection; each request has a child of it
	remote string

	watcher Watcher
}

// serve reports whether somebody else has the connection now.
func (c *conn) serve() (handedOver bool) {
	for first := true; c.await(); first = false {
		h, err := c.in.ReadHead()
		if err != nil {
			if first && isPreface(err) && c.watcher.Preface(append([]byte(prefaceLine), c.in.Buffered()...)) {
				return true
			}
			c.refuse(err)
			return false
		}
		_ = c.net.SetReadDeadline(time.Time{})
		if !c.exchange(h) {
			return false
		}
		if len(c.in.Buffered()) == 0 {
			c.watcher.Idle()
		}
	}
	return false
}

// await waits for the first byte of a request, and gives its head a time to arrive.
func (c *conn) await() bool {
	if len(c.in.Buffered()) == 0 {
		_ = c.net.SetReadDeadline(time.Now().Add(orElse(c.server.IdleTimeout, idleTimeout)))
		if c.in.fill() != nil {
			return false
		}
	}
	_ = c.net.SetReadDeadline(time.Now().Add(orElse(c.server.HeadTimeout, headTimeout)))
	return true
}

// refuse answers what is no request, and closes the connection in order. One that
// ended, or took too long without having sent a whole line, gets no answer.
func (c *conn) refuse(err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return
	}
	if c.server.Refused != nil {
		c.server.Refused(c.net, refusal)
	}
	page := fmt.Sprintf("%d %s\n", refusal.Status, http.StatusText(refusal.Status))
	c.out.writeString(fmt.Sprintf("HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		refusal.Status, http.StatusText(refusal.Status), c.server.dates.now(), len(page), page))
	if c.out.flush() == nil {
		c.linger()
	}
}

// exchange serves one request, and says whether another may follow.
func (c *conn) exchange(h *Head) (goOn bool) {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	body := &requestBody{conn: c, Body: c.in.Body(h), expects: h.Expects}
	r, refusal := c.request(ctx, h, body)
	if refusal != nil {
		c.refuse(refusal)
		return false
	}
	w := newResponse(c, h, body)
	body.response = w
	if !c.call(w, r) {
		return false
	}
	if w.finish() != nil {
		return false
	}
	if w.close || !body.drain() {
		c.linger()
		return false
	}
	return true
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
