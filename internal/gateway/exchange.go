package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
	"unsafe"

	"highball/internal/origin"
	"highball/internal/spool"
	"highball/internal/wire"
)

// exchange is one request and its response.
type exchange struct {
	origin *origin.Origin // nil: nothing beyond the request
	g      *Gateway
	w      http.ResponseWriter
	r      *http.Request
	id     string
	began  time.Time
	flight flight
	target target

	scratch scratch
	borrows bool // the writer takes a head at once: its texts need not be kept

	// The request's body: supply reads it, nil if there is none. It streams through
	// intake, or waits in a file, or is in the frame.
	client  supply // the memory of supply
	supply  *supply
	intake  *intake
	spooled *spool.File
	length  int64 // -1: not known

	announced []string // trailers, where no field is left that names them

	out *outlet // sends the response; nil where the exchange does

	route     uint64
	measure   bool // the worker is to say how long the application took
	queueTime int  // where in the frame that stands: its end

	pooled  *[]byte // the buffer for frames: of the request, then of what the worker says
	call    Call
	lease   Lease
	held    bool // the slot is this request's: its turn has come and is not over
	lent    *lent
	kept    int64 // bytes of memory for the response, in the budget
	unwatch func() bool
	asked   time.Time // when the application got the request
	toHead  time.Duration
	waited  time.Duration
	pid     int
	failure string

	bodyError *refusal // why the request's body could not be read
	unsentFor error    // why the client takes no more of the response

	status   int
	taken    int64 // bytes of the body, from the application
	sent     int64 // of those, to the client
	declared int64 // Content-Length, or -1
	hinted   bool  // hints have been written
	headSent bool  // status and headers have been written
	ended    bool  // the response is whole
	endSeen  bool  // the worker has sent its last frame but Done
	gone     bool  // the client has left: what comes is thrown away
	mute     bool  // nothing more is for the client: the gateway has answered instead
	cut      bool  // the connection must be cut

	noted []Field // of the response's head, for the log
}

// scratch is the memory of an exchange for what is gone with it.
type scratch struct {
	id     [32]byte
	length [20]byte
	fields []Field
}

// newExchange begins a request. Most of what it takes was another's: the texts of the
// request go with it as well.
func (g *Gateway) newExchange(w http.ResponseWriter, r *http.Request) *exchange {
	x, ok := g.exchanges.Get().(*exchange)
	if !ok {
		x = new(exchange)
	}
	id := g.ids.appendNext(x.scratch.id[:0])
	x.g, x.w, x.r, x.began = g, w, r, time.Now()
	x.id = unsafe.String(&id[0], len(id))
	x.flight.id, x.flight.r, x.flight.began = x.id, r, x.began
	x.origin = origin.Of(r.Context())
	_, x.borrows = w.(HeadWriter)
	return x
}

// end takes the request out of the register. An exchange whose handler panicked may be
// in use by who knows whom.
func (g *Gateway) end(x *exchange, whole bool) {
	g.register.remove(&x.flight)
	if whole {
		clear(x.scratch.fields)
		*x = exchange{scratch: scratch{fields: x.scratch.fields[:0]}}
		g.exchanges.Put(x)
	}
}

// attempt has one worker serve the request.
func (x *exchange) attempt(frame []byte, ask Ask) error {
	x.flight.enters(Queued)
	lease, err := x.acquire(ask)
	if err != nil {
		return err
	}
	x.waited += lease.Waited
	x.putQueueTime(frame)
	x.pid = lease.Slot.PID()
	if err := x.begin(lease.Slot, frame); err != nil {
		lease.Release()
		return err
	}
	if !x.call.Turn() {
		lease.Release()
		return &retryError{cause: errTakenBack}
	}
	x.lease, x.held, x.asked = lease, true, time.Now()
	x.flight.dispatched(lease.Slot, x.waited)
	free, err := x.converse()
	switch {
	case errors.Is(err, errTimedOut):
		return x.timedOut()
	case err != nil:
		err = x.broken(err)
		x.release()
		return err
	case free:
		x.payDebt()
		x.release()
	default:
		x.settle()
	}
	return nil
}

// begin sends the request to a slot, with its body if that is in a file: at an offset
// of its own, so that another worker reads it from the beginning.
func (x *exchange) begin(s Slot, frame []byte) (err error) {
	var body *os.File
	if x.spooled != nil {
		if body, err = x.spooled.Reopen(); err != nil {
			x.remind(spoolError{err})
			e := x.g.badBody(spoolError{err})
			e.close = false // it was read to its end
			return e
		}
		defer body.Close()
	}
	if x.call, err = s.Begin(frame, x.flags(), body); err != nil {
		return &retryError{cause: err}
	}
	return nil
}

// acquire waits for a slot, for as long as the client is there.
func (x *exchange) acquire(ask Ask) (Lease, error) {
	ctx, began := x.r.Context(), time.Now()
	if x.g.opts.WhileQueued != nil {
		ctx = x.g.opts.WhileQueued(ctx)
	}
	lease, err := x.g.opts.Acquire(ctx, ask)
	if err == nil {
		return lease, nil
	}
	x.waited += time.Since(began)
	if ctx.Err() != nil {
		x.gone = true
		x.status = statusClientLeft
		return lease, refuse(statusClientLeft, "the client left while its request was queued")
	}
	return lease, overloaded(err)
}

func (x *exchange) flags() wire.Flags {
	if x.measure {
		return wire.FlagMeasure
	}
	return 0
}

// cost is how long the request will take, where that is known and it may wait
// behind others: the frame is whole, and the application will ask for no body.
func (x *exchange) cost(frame []byte) time.Duration {
	x.route = x.g.routes.key(x.r.Method, x.target.pathInfo)
	cost, measure := x.g.routes.expect(x.route)
	x.measure = measure
	if x.intake != nil || x.spooled != nil || len(frame) > oneWrite {
		return 0
	}
	return cost
}

// oneWrite is the largest frame that a pipe takes whole (PIPE_BUF), in bytes.
const oneWrite = 4096

// statusClientLeft is nginx's code for the access log; nobody receives it.
const statusClientLeft = 499

// watch has the worker told when the client leaves, from the first frame of a
// response that streams: one that comes in a single frame needs no watching.
func (x *exchange) watch() {
	if x.unwatch != nil {
		return
	}
	leave := x.call.Leave
	if x.out != nil {
		leave = x.out.leave
	}
	x.unwatch = context.AfterFunc(x.r.Context(), leave)
}

// release gives the slot back, unless that was done.
func (x *exchange) release() {
	if !x.held {
		return
	}
	x.held = false
	x.detach()
	x.flight.lands()
	x.call.End()
	x.lease.Release()
}

// detach ends what the client's leaving has to do with the call.
func (x *exchange) detach() {
	switch {
	case x.out != nil:
		x.out.detach()
	case x.unwatch != nil:
		x.unwatch()
		x.unwatch = nil
	}
}

// broken says what an error of the slot means for the client. Whatever it was,
// the worker has ended or is ended here.
func (x *exchange) broken(err error) error {
	switch {
	case x.call.TakenBack():
		return &retryError{cause: errTakenBack}
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.call.Kill("it did not finish a frame within --request-timeout")
		return refuse(http.StatusGatewayTimeout, "the worker did not finish a frame within the request timeout")
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, wire.ErrTooLong):
		x.call.Kill("it broke the protocol: " + err.Error())
		x.g.opts.Logger.Error("worker broke the protocol", x.attrs("error", err)...)
		return refuse(http.StatusBadGateway, err.Error())
	case !x.call.Begun() && !x.headSent:
		return &retryError{cause: err}
	case x.mayRepeat():
		return &retryError{cause: fmt.Errorf("%w while it served the request", err)}
	}
	x.g.opts.Logger.Error("the worker died while it served a request", x.attrs()...)
	return refuse(http.StatusBadGateway, "the worker died while it served the request")
}

// named is what the log calls a request; its texts are joined only for a line.
type named struct {
	id, method, target, proto string
	pid                       int
}

func (n named) attrs(more ...any) []any {
	// The texts go with the request: a handler of logs may keep them.
	return append([]any{"request", strings.Clone(n.id), "line", n.method + " " + n.target + " " + n.proto, "pid", n.pid}, more...)
}

func (x *exchange) named() named { return named{x.id, x.r.Method, x.target.raw, x.r.Proto, x.pid} }

// attrs are the log attributes that name this request.
func (x *exchange) attrs(more ...any) []any { return x.named().attrs(more...) }

// converse reads the worker's frames until the response has ended. It reports
// whether the slot is free as well.
func (x *exchange) converse() (free bool, err error) {
	for {
		h, err := next(x.call, x.g.opts.RequestTimeout)
		if err != nil {
			return false, err
		}
		if took := h.Took(); took > 0 {
			x.g.routes.observe(x.route, took, h.Has(wire.FlagDoubt))
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
			if x.out != nil {
				x.out.close()
			} else if x.declared >= 0 {
				x.flush() // the client has it all, and need not wait for close()
			}
			x.takeBack()
			return !x.held || x.call.Done(), nil
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
		if x.failure == "" {
			x.failure = x.whyLeft()
		}
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
	x.notice()
	payload, err := x.call.Payload(h, *x.pooled)
	if err != nil {
		return err
	}
	*x.pooled = payload
	if h.Type == wire.TypeResponse && x.isFree(h) && x.afford() {
		x.release() // before the client takes it: another request may have the slot
	}
	switch h.Type {
	case wire.TypeResponse:
		return x.response(h, payload)
	case wire.TypeFile:
		return x.file(h, payload)
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

// isFree says whether h is the last of its request.
func (x *exchange) isFree(h wire.Header) bool {
	return h.Has(wire.FlagFree) || h.Has(wire.FlagEnd) && x.call.Done()
}

// silent says that the client gets nothing more of the application's response.
func (x *exchange) silent() bool { return x.gone || x.mute }

// leave notes that the client has gone; the worker sees it before its next block.
func (x *exchange) leave() {
	if !x.gone {
		x.gone = true
		x.tellLeft()
	}
}

// tellLeft has the worker end the response; a slot that was given back may have
// another request's by now.
func (x *exchange) tellLeft() {
	if x.held {
		x.call.Leave()
	}
}

// endBody stops reading the request's body. If some of it was read and some is
// left, the connection cannot serve another request.
func (x *exchange) endBody() {
	if x.spooled != nil {
		_ = x.spooled.Close()
	}
	if x.intake == nil || x.intake.end() {
		return
	}
	if x.g.opts.ClosesInOrder != nil && x.g.opts.ClosesInOrder(x.r.Context()) {
		return
	}
	// A server that is not ours reads on, though only to throw it away.
	_ = x.intake.control.SetReadDeadline(time.Now().Add(drainTime))
	if x.intake.abandoned { // the response has said so, and the server closes
		return
	}
	x.flush()
	x.cut = true
	// net/http, such a server, would read on before it closes, for as long as the client is silent.
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now())
}

// done describes the exchange for the access log.
func (x *exchange) done() Done {
	return Done{
		RequestID: x.id, Began: x.began, Status: x.status, Bytes: x.sent, Waited: x.waited,
		ToHead: x.toHead, Took: time.Since(x.began), WorkerPID: x.pid, Failure: x.failure,
		Detail: x.detail(),
	}
}
