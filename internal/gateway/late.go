package gateway

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"highball/internal/spool"
	"highball/internal/wire"
)

// late is a call that its client no longer waits for, and which still has its
// slot: the application runs on.
type late struct {
	call    Call
	lease   Lease
	timeout time.Duration // Options.RequestTimeout
	asked   time.Time     // when the application got the request
	ended   bool          // the worker has sent its last frame but Done
	named   named
	logger  *slog.Logger
	body    *spool.File // of the request, if nobody else closes it
}

// letGo takes the call out of the exchange: what comes of it is not the client's.
func (x *exchange) letGo() *late {
	l := x.part()
	l.named.id, l.named.method, l.named.target = strings.Clone(l.named.id), strings.Clone(l.named.method), strings.Clone(l.named.target)
	return &l
}

func (x *exchange) part() late {
	x.held = false
	x.detach()
	x.flight.lands()
	return late{
		call: x.call, lease: x.lease, timeout: x.g.opts.RequestTimeout, asked: x.asked, ended: x.endSeen,
		named: x.named(), logger: x.g.opts.Logger,
	}
}

func (l *late) release() {
	if l.body != nil {
		_ = l.body.Close()
	}
	l.call.End()
	l.lease.Release()
}

// finish waits for the end of an application that still runs after its response,
// in its close().
func (l *late) finish() {
	defer l.release()
	err := l.discard(func() time.Duration { return l.timeout })
	if errors.Is(err, errTimedOut) {
		if silence := l.report("the application did not end after its response"); silence != nil {
			l.awaitDeath(silence)
		} else {
			err = l.interrupt()
		}
	}
	l.check(err)
}

// check says what an error of the slot means now that the client has its answer.
func (l *late) check(err error) {
	switch {
	case err == nil || errors.Is(err, errTimedOut):
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.call.Kill("it did not finish a frame within --request-timeout")
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, wire.ErrTooLong):
		l.call.Kill("it broke the protocol: " + err.Error())
	}
	l.logger.Error("the worker did not finish a request that its client no longer waits for", l.with("error", err)...)
}

// discard reads what is left of a response that nobody wants, and waits for the
// application's end. wait gives the time that it may take to the next frame; 0 is
// no limit.
func (l *late) discard(wait func() time.Duration) error {
	for !l.ended {
		h, err := next(l.call, wait())
		if err != nil {
			return err
		}
		if err := skip(l.call, h); err != nil {
			return err
		}
		if h.Has(wire.FlagFree) {
			return nil
		}
		l.ended = h.Has(wire.FlagEnd)
	}
	return inTime(l.call, l.call.AwaitDone(wait()))
}

// errTimedOut says that the application let its time pass between two frames.
var errTimedOut = errors.New("the request timed out")

// next reads the next frame's header, or returns errTimedOut. A deadline that
// passes within a frame is another matter: what follows cannot be read.
func next(call Call, timeout time.Duration) (wire.Header, error) {
	h, err := call.Next(timeout)
	return h, inTime(call, err)
}

func inTime(call Call, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && !call.TakenBack() {
		return errTimedOut
	}
	return err
}
