package gateway

import (
	"io"
	"os"
	"time"

	"highball/internal/wire"
)

// Slot is what the gateway needs of a place in a worker where one request is
// served; internal/worker has it.
type Slot interface {
	PID() int
	Begin(frame []byte) (number uint32, err error)
	Begun() bool
	Leave(number uint32)
	SendBody(data []byte, flags wire.Flags) error
	// Next returns os.ErrDeadlineExceeded when nothing comes in time; any other
	// error means that the worker has ended.
	Next(timeout time.Duration) (wire.Header, error)
	// Done says whether the application has ended after its response, and
	// AwaitDone waits for that.
	Done() bool
	AwaitDone(timeout time.Duration) error
	Payload(h wire.Header) ([]byte, error)
	Raw(h wire.Header) io.Reader
	File() (*os.File, error)
	Kill(reason string)
	Release()
}

// Lease is a slot held for one request.
type Lease struct {
	Slot    Slot
	Waited  time.Duration
	Release func()
}
