package h2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"highball/internal/h1"
)

// Why a stream has ended before its response has.
var (
	errReset      = errors.New("the client has reset the stream")
	errClientLeft = errors.New("the connection has ended")
	errFault      = errors.New("the stream was reset for a fault of its client")
	errSlow       = fmt.Errorf("the client took nothing for too long: %w", os.ErrDeadlineExceeded)
	errShort      = errors.New("the body is shorter than its Content-Length")
	errDone       = errors.New("the handler has returned")
)

// stream is one request and its response. Where the handler only borrows, it serves
// again. What is behind the line the connection's lock guards.
type stream struct {
	conn    *conn
	id      uint32
	request *http.Request
	url     url.URL
	header  http.Header
	values  []string // of the header: of one value each, cut from one slice
	ctx     *streamContext
	refusal *h1.Refusal // it is answered with, and no handler
	started bool        // for the goroutine that reads
	w       response

	changed     sync.Cond
	window      int64 // that the client gives
	recv        int64 // that it has left
	consumed    int   // bytes that it may be given again
	received    int64
	declared    int64 // Content-Length, or -1
	remoteEnded bool
	localEnded  bool
	gone        error // it is closed
	answered    int64 // tick + 1 since when only its client has not ended it, or 0
	queued      bool  // for its turn to send
	waits       waits
	body        body
	trailer     []h1.Field

	reading, writing deadline
}

// deadline is what http.ResponseController sets.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// wait waits for news of the stream, until the deadline at most. It needs mu.
func (st *stream) wait(d *deadline) {
	if !d.at.IsZero() {
		left := time.Until(d.at)
		if d.timer == nil {
			c, changed := st.conn, &st.changed
			d.timer = time.AfterFunc(left, func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				changed.Broadcast()
			})
		} else {
			d.timer.Reset(left)
		}
	}
	st.changed.Wait()
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	*d = deadline{}
}

// newStream takes one that serves again, or makes one. Of those that are closed for the
// client nothing else is shared.
func (c *conn) newStream(id uint32) *stream {
	var st *stream
	if c.server.Borrows {
		st, _ = c.server.streams.Get().(*stream)
	}
	if st == nil {
		st = &stream{header: http.Header{}, ctx: &streamContext{}}
		st.w.header = http.Header{}
		st.request = new(http.Request).WithContext(st.ctx)
		st.w.stream, st.body.stream = st, st
	}
	st.conn, st.id, st.changed.L, st.ctx.parent = c, id, &c.mu, c.ctx
	st.window, st.recv, st.declared = c.flow.initial, int64(c.server.streamBuffer()), -1
	return st
}

// recycle keeps a stream for another request. Nothing of it may refer to the
// connection's any more.
func (s *Server) recycle(st *stream) {
	if !st.ctx.renew() {
		return
	}
	clear(st.header)
	clear(st.w.header)
	clear(st.values)
	st.reading.stop()
	st.writing.stop()
	held, block := st.w.held[:0], st.w.block[:0]
	if cap(block) > keptBlock {
		block = nil
	}
	st.w = response{stream: st, header: st.w.header, held: held, block: block}
	st.body = body{stream: st, buf: st.body.kept()}
	clear(st.trailer)
	st.conn, st.id, st.url, st.refusal, st.trailer = nil, 0, url.URL{}, nil, st.trailer[:0]
	st.consumed, st.received, st.waits, st.gone = 0, 0, waits{}, nil
	st.started, st.remoteEnded, st.localEnded, st.queued = false, false, false, false
	s.streams.Put(st)
}

// keptBlock bounds the memory of a response's head that is kept, in bytes.
const keptBlock = 4 << 10

// do serves the request.
func (st *stream) do() {
	c := st.conn
	whole := st.call()
	st.ctxDone(c)
	c.done(st, whole)
}

// ctxDone ends the context of a handler that may keep it.
func (st *stream) ctxDone(c *conn) {
	if !c.server.Borrows {
		st.ctx.cancel()
	}
}

// call runs the handler and ends the response. After a panic nothing more can be said
// on the stream.
func (st *stream) call() (whole bool) {
	c := st.conn
	defer func() {
		if cause := recover(); cause != nil {
			whole = false
			if cause != http.ErrAbortHandler {
				c.server.logger().Error("a handler panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			}
		}
	}()
	if st.refusal != nil {
		st.w.refuse(st.refusal)
	} else {
		c.server.Handler.ServeHTTP(&st.w, st.request)
	}
	_ = st.w.finish() // of one that is not, the stream is reset
	return true
}

// readError is why no more of the body comes.
func (st *stream) readError() error {
	if st.gone == errReset || st.gone == errClientLeft {
		return io.ErrUnexpectedEOF
	}
	return st.gone
}
