package gateway

import (
	"context"
	"io"
	"os"
	"time"

	"highball/internal/wire"
)

// Slot is what the gateway needs of a place in a worker where requests are
// served, one after the other; internal/worker has it.
type Slot interface {
	PID() int
	Begin(frame []byte, flags wire.Flags, body *os.File) (Call, error)
}

// Call is a request that was sent to a slot.
type Call interface {
	// Turn waits until the requests before this one are served. False means that the
	// worker will not see it.
	Turn() bool
	// Next returns os.ErrDeadlineExceeded when nothing comes in time; any other
	// error means that the worker has ended.
	Next(timeout time.Duration) (wire.Header, error)
	Payload(h wire.Header, buf []byte) ([]byte, error)
	Raw(h wire.Header) io.Reader
	File() (*os.File, error)
	SendBody(data []byte, flags wire.Flags) error
	Leave()
	Begun() bool
	TakenBack() bool // after an error: the worker will not see it
	// Done says whether the application has ended after its response, and
	// AwaitDone waits for that.
	Done() bool
	AwaitDone(timeout time.Duration) error
	// Stack is where the application is. The context's error means that the worker
	// does not answer, since no Python code runs in it.
	Stack(ctx context.Context) (string, error)
	// Interrupt has RequestTimeout raised in the application, if it runs still; it
	// reports whether it will be.
	Interrupt(ctx context.Context, timeout time.Duration, requestID string) bool
	// GiveUp tells the worker that it will be killed, and waits while it takes note.
	GiveUp(ctx context.Context) error
	// Dump has the worker write to the log where all its threads are.
	Dump()
	// End ends the turn: the next request may have it.
	End()
	Kill(reason string)
}

// Unavailable is an error of Options.Acquire that knows when it is worth trying again.
type Unavailable struct {
	Cause error
	After time.Duration
}

func (e *Unavailable) Error() string { return e.Cause.Error() }

func (e *Unavailable) Unwrap() error { return e.Cause }

// Ask is what a request says when it wants a slot.
type Ask struct {
	Cost  time.Duration // expected, if it is short and may wait behind others; else 0
	Again bool          // it had a slot and lost it
}

// Lease is a slot held for one request.
type Lease struct {
	Slot    Slot
	Waited  time.Duration
	Release func()
	// Condemn says that the request will not end by itself: its worker is killed when
	// its other requests have ended. Release is to be called as ever.
	Condemn func(reason string)
}
