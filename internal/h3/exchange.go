package h3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"

	"highball/internal/h1"
)

// exchange is a request stream (RFC 9114 6.1): one request and its response.
type exchange struct {
	conn     *conn
	stream   *quic.Stream
	in       *reader
	body     body
	response response
}

// noContentPause is how long the stream's end may come after the head of a request that
// usually has no content: until then it is not known that it has none.
const noContentPause = 50 * time.Millisecond

// serve serves the request, or refuses it.
func (x *exchange) serve() {
	h, err := x.readHead()
	if err != nil {
		x.refuse(err)
		return
	}
	r, err := h.newRequest()
	if err != nil {
		x.refuse(err)
		return
	}
	x.frameBody(h, r)
	early := !x.conn.confirmed()
	if early && !(isSafe(h.method) && x.conn.verified()) {
		// RFC 8470 3: what came early may be a copy; who ends the handshake is no copy, and
		// has not made its address up, by which it may be believed (RFC 9000 8.1).
		if early = false; !x.conn.awaitConfirmed() {
			return
		}
	}
	ctx, cancel := context.WithCancel(x.conn.context(early))
	defer cancel()
	defer context.AfterFunc(x.stream.Context(), cancel)()
	r = r.WithContext(ctx)
	r.TLS, r.RemoteAddr = x.conn.tls(), x.conn.quic.RemoteAddr().String()
	_ = x.stream.SetReadDeadline(time.Time{})
	x.response.begin(x, h.method)
	whole := x.call(r)
	x.body.leave()
	if !whole || x.response.finish() != nil {
		x.stream.SetReliableBoundary() // what was produced is to arrive, where the client knows how
		x.stream.CancelWrite(quic.StreamErrorCode(internalError))
	}
}

// readHead reads the first HEADERS frame.
func (x *exchange) readHead() (*head, error) {
	_ = x.stream.SetReadDeadline(time.Now().Add(x.conn.server.HeadTimeout))
	for {
		h, err := x.in.nextFrame()
		switch {
		case err == io.EOF:
			return nil, &fault{code: requestIncomplete, ofStream: true, clause: "RFC 9114 4.1", reason: "a stream without a request"}
		case err != nil:
			return nil, err
		case h.kind == frameHeaders:
			fields, err := x.section(h.length)
			if err != nil {
				return nil, err
			}
			return parseHead(fields, x.conn.server.Limits)
		case known(h.kind):
			return nil, connectionFault(frameUnexpected, "RFC 9114 4.1", "a request that begins with a frame %#x", h.kind)
		}
		if err := x.in.skip(&h.length); err != nil {
			return nil, err
		}
	}
}

// section reads the fields of a HEADERS frame. An encoded field is hardly longer than
// what RFC 9114 4.2.2 counts for it.
func (x *exchange) section(length uint64) ([]qpack.HeaderField, error) {
	limits := x.conn.server.Limits
	if length > uint64(limits.Head) {
		return nil, errSectionTooLarge
	}
	p, err := x.in.payload(length)
	if err != nil {
		return nil, err
	}
	return decodeSection(p, limits.Head, limits.Fields)
}

// frameBody tells whether there is one: the stream ends without.
func (x *exchange) frameBody(h *head, r *http.Request) {
	x.body = body{x: x, trailer: r.Trailer, length: h.length}
	expect := h.header["Expect"]
	x.body.waits = len(expect) == 1 && http.CanonicalHeaderKey(expect[0]) == "100-Continue"
	r.Body = &x.body
	if h.length > 0 {
		return
	}
	if h.length < 0 && isSafe(h.method) && !x.in.ended() {
		_ = x.stream.SetReadDeadline(time.Now().Add(noContentPause))
		if x.in.r == x.in.w {
			_ = x.in.fill()
		}
	}
	if x.in.ended() || h.length == 0 {
		r.Body, r.ContentLength, r.Trailer = http.NoBody, 0, nil
	}
}

// call calls the handler, and says whether it has returned.
func (x *exchange) call(r *http.Request) (whole bool) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			x.conn.server.Logger.Error("a handler panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	x.conn.server.Handler.ServeHTTP(&x.response, r)
	return true
}

// refuse ends a request that is none, or not for this server.
func (x *exchange) refuse(err error) {
	var wrong *fault
	var refusal *h1.Refusal
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &wrong):
		x.fail(wrong)
		return
	case err == errSectionTooLarge:
		refusal = &h1.Refusal{Status: http.StatusRequestHeaderFieldsTooLarge, Clause: "RFC 9114 4.2.2", Reason: "the head is larger than limit-request-head or limit-request-fields"}
	case errors.As(err, &refusal):
	case errors.As(err, &timeout) && timeout.Timeout():
		refusal = &h1.Refusal{Status: http.StatusRequestTimeout, Clause: "RFC 9110 15.5.9", Reason: "the head did not come in time"}
	default: // the client has left
		x.stream.CancelRead(quic.StreamErrorCode(requestCancelled))
		x.stream.CancelWrite(quic.StreamErrorCode(requestCancelled))
		return
	}
	x.conn.refused(refusal)
	x.stream.CancelRead(quic.StreamErrorCode(noError))
	x.response.begin(x, http.MethodGet)
	x.response.WriteHead(refusal.Status, "", []h1.Field{{Name: "content-length", Value: "0"}})
	if x.response.finish() != nil {
		x.stream.CancelWrite(quic.StreamErrorCode(internalError))
	}
}

// fail resets the stream, or ends the connection, as a fault wants.
func (x *exchange) fail(f *fault) {
	if !f.ofStream {
		x.conn.fail(f)
		return
	}
	x.conn.refused(f.refusal())
	x.stream.CancelRead(quic.StreamErrorCode(f.code))
	x.stream.CancelWrite(quic.StreamErrorCode(f.code))
}

// refusal is what the counters and the log know a fault by.
func (f *fault) refusal() *h1.Refusal {
	return &h1.Refusal{Status: http.StatusBadRequest, Clause: f.clause, Reason: f.reason}
}
