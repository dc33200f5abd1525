package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"highball/internal/wire"
)

// exchange is one request and its response.
type exchange struct {
	g      *Gateway
	w      http.ResponseWriter
	r      *http.Request
	id     string
	began  time.Time
	target target
	intake *intake // the request's body, where it streams

	slot    Slot
	lease   Lease
	number  uint32
	unwatch func() bool
	asked   time.Time // when the application got the request
	toHead  time.Duration
	waited  time.Duration
	pid     int
	failure string

	bodyError *refusal // why the request's body could not be read

	status   int
	sent     int64 // bytes of the body
	declared int64 // Content-Length, or -1
	headSent bool  // status and headers have been written
	ended    bool  // the response is whole
	endSeen  bool  // the worker has sent its last frame but Done
	gone     bool  // the client has left: what comes is thrown away
	mute     bool  // nothing more is for the client: the gateway has answered instead
	cut      bool  // the connection must be cut
}

// attempt has one worker serve the request.
func (x *exchange) attempt(frame []byte) error {
	lease, err := x.acquire()
	if err != nil {
		return err
	}
	x.lease, x.slot = lease, lease.Slot
	x.waited += lease.Waited
	x.pid = x.slot.PID()
	x.asked = time.Now()
	if x.number, err = x.slot.Begin(frame); err != nil {
		x.release()
		return &notBegunError{err}
	}
	free, err := x.converse()
	if x.unwatch != nil {
		x.unwatch()
		x.unwatch = nil
	}
	if err != nil {
		err = x.broken(err)
		x.release()
		return err
	}
	if free {
		x.release()
	} else {
		x.finishLater()
	}
	return nil
}

// acquire waits for a slot, for as long as the client is there.
func (x *exchange) acquire() (Lease, error) {
	ctx := x.r.Context()
	lease, err := x.g.opts.Acquire(ctx)
	if err != nil && ctx.Err() != nil && x.halfClosed() {
		lease, err = x.g.opts.Acquire(context.WithoutCancel(ctx))
	}
	switch {
	case err == nil:
		return lease, nil
	case ctx.Err() != nil && !x.halfClosed():
		x.gone = true
		x.status = statusClientLeft
		return lease, refuse(statusClientLeft, "the client left while its request was queued")
	}
	return lease, &refusal{status: http.StatusServiceUnavailable, reason: err.Error(), retryAfter: 1}
}

// statusClientLeft is nginx's code for the access log; nobody receives it.
const statusClientLeft = 499

func (x *exchange) halfClosed() bool {
	return x.g.opts.HalfClosed != nil && x.g.opts.HalfClosed(x.r.Context())
}

// watch has the worker told when the client leaves, from the first frame of a
// response that streams: one that comes in a single frame needs no watching.
func (x *exchange) watch() {
	if x.unwatch != nil {
		return
	}
	slot, number := x.slot, x.number
	x.unwatch = context.AfterFunc(x.r.Context(), func() {
		if !x.halfClosed() {
			slot.Leave(number)
		}
	})
}

func (x *exchange) release() {
	x.slot.Release()
	x.lease.Release()
}

// broken says what an error of the slot means for the client. Whatever it was,
// the worker has ended or is ended here.
func (x *exchange) broken(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		age := time.Since(x.asked).Round(time.Millisecond)
		x.slot.Kill(fmt.Sprintf("request %s took %s, longer than --request-timeout", x.id, age))
		x.g.opts.Logger.Error("request timed out, its worker is killed", x.attrs("age", age)...)
		return refuse(http.StatusGatewayTimeout, "the application did not answer within the request timeout")
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, wire.ErrTooLong):
		x.slot.Kill("it broke the protocol: " + err.Error())
		x.g.opts.Logger.Error("worker broke the protocol", x.attrs("error", err)...)
		return refuse(http.StatusBadGateway, err.Error())
	case !x.slot.Begun() && !x.headSent:
		return &notBegunError{err}
	}
	x.g.opts.Logger.Error("the worker died while it served a request", x.attrs()...)
	return refuse(http.StatusBadGateway, "the worker died while it served the request")
}

// attrs are the log attributes that name this request.
func (x *exchange) attrs(more ...any) []any {
	return append([]any{"request", x.id, "line", x.line(), "pid", x.pid}, more...)
}

func (x *exchange) line() string {
	return x.r.Method + " " + x.target.raw + " " + x.r.Proto
}

// converse reads the worker's frames until the response has ended. It reports
// whether the slot is free as well.
func (x *exchange) converse() (free bool, err error) {
	for {
		h, err := x.slot.Next(x.g.opts.RequestTimeout)
		if err != nil {
			return false, err
		}
		if err := x.handle(h); err != nil {
			return false, err
		}
		free := h.Has(wire.FlagFree)
		if free || h.Has(wire.FlagEnd) {
			if err := x.checkAnswered(h); err != nil || free {
				return free, err
			}
			x.endSeen = true
			if x.declared >= 0 {
				x.flush() // the client has it all, and need not wait for close()
			}
			return x.slot.Done(), nil
		}
		if x.mute { // the client has its answer; the application runs on
			return false, nil
		}
		x.watch()
	}
}

// checkAnswered refuses a last frame before the response is whole: nobody must
// take what was sent, or nothing, for the application's response.
func (x *exchange) checkAnswered(h wire.Header) error {
	if x.gone {
		x.cut = true
	}
	if x.ended || x.silent() {
		return nil
	}
	return fmt.Errorf("%w: a %s ends a request that has no whole response", wire.ErrMalformed, h.Type)
}

func (x *exchange) handle(h wire.Header) error {
	if h.Type == wire.TypeBlock {
		return x.block(h)
	}
	payload, err := x.slot.Payload(h)
	if err != nil {
		return err
	}
	switch h.Type {
	case wire.TypeResponse:
		return x.response(h, payload)
	case wire.TypeFile:
		return x.file(payload)
	case wire.TypeRead:
		return x.read(payload)
	case wire.TypeHints:
		return x.hints(payload)
	case wire.TypeError:
		return x.applicationFailed(payload)
	case wire.TypeDone:
		return nil
	default:
		return fmt.Errorf("%w: an unexpected %s", wire.ErrMalformed, h.Type)
	}
}

// finishLater waits for the end of an application that still runs after its
// response, in its close().
func (x *exchange) finishLater() {
	slot, lease, timeout := x.slot, x.lease, x.g.opts.RequestTimeout
	number, ended, attrs := x.number, x.endSeen, x.attrs()
	logger := x.g.opts.Logger
	x.g.late.Go(func() {
		defer lease.Release()
		defer slot.Release()
		if err := discard(slot, ended, timeout); err != nil {
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded):
				slot.Kill("the application did not end after its response, within --request-timeout")
			case errors.Is(err, wire.ErrMalformed):
				slot.Kill("it broke the protocol: " + err.Error())
			}
			logger.Error("the worker did not finish a request after its response",
				append(attrs, "number", number, "error", err)...)
		}
	})
}

// discard reads what is left of a response that nobody wants, and waits for the
// application's end.
func discard(slot Slot, ended bool, timeout time.Duration) error {
	for !ended {
		h, err := slot.Next(timeout)
		if err != nil {
			return err
		}
		if err := skip(slot, h); err != nil {
			return err
		}
		if h.Has(wire.FlagFree) {
			return nil
		}
		ended = h.Has(wire.FlagEnd)
	}
	return slot.AwaitDone(timeout)
}

// silent says that the client gets nothing more of the application's response.
func (x *exchange) silent() bool { return x.gone || x.mute }

// leave notes that the client has gone; the worker sees it before its next block.
func (x *exchange) leave() {
	if !x.gone {
		x.gone = true
		x.slot.Leave(x.number)
	}
}

// endBody stops reading the request's body. If some of it was read and some is
// left, the connection cannot serve another request.
func (x *exchange) endBody() {
	if x.intake == nil || x.intake.end() {
		return
	}
	if x.g.opts.StopReading == nil || !x.g.opts.StopReading(x.r.Context()) {
		x.flush()
		x.cut = true
	}
}

// done describes the exchange for the access log.
func (x *exchange) done() Done {
	return Done{
		RequestID: x.id, Began: x.began, Status: x.status, Bytes: x.sent, Waited: x.waited,
		ToHead: x.toHead, Took: time.Since(x.began), WorkerPID: x.pid, Failure: x.failure,
	}
}
