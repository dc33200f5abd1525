package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"highball/internal/spool"
)

// Bodies bound the bodies of requests, and say where they wait for a slot. With the
// zero value nothing is bounded, and all that have a byte stream.
type Bodies struct {
	Max    int64        // the largest that is taken, in bytes; 0: no limit
	Memory int64        // the largest that waits in memory, and travels in the request's frame
	Spool  int64        // the largest that waits in a file; a larger one streams
	Store  *spool.Store // of those files; nil: there are none
	Stream []string     // path prefixes, at borders of segments, below which all stream

	// Timeout is the longest pause of the client. MinRate, in bytes a second, is what it
	// has to send on the average of the time in which it was waited for, but for the
	// first Grace of that. 0: no limit.
	Timeout time.Duration
	MinRate int64
	Grace   time.Duration
}

// BodyCounts are what became of the bodies so far.
type BodyCounts struct {
	Spooled      int64 // bodies that waited in a file
	SpooledBytes int64 // in those
	Streamed     int64 // bodies that the application got while they came
	TooLarge     int64 // 413
	TooSlow      int64 // 408
	NoRoom       int64 // 503: nowhere to keep them
}

// bodyCounters are the same while they count.
type bodyCounters struct {
	spooled, spooledBytes, streamed, tooLarge, tooSlow, noRoom atomic.Int64
}

// BodyCounts returns what became of the bodies so far.
func (g *Gateway) BodyCounts() BodyCounts {
	c := &g.bodies
	return BodyCounts{
		Spooled: c.spooled.Load(), SpooledBytes: c.spooledBytes.Load(), Streamed: c.streamed.Load(),
		TooLarge: c.tooLarge.Load(), TooSlow: c.tooSlow.Load(), NoRoom: c.noRoom.Load(),
	}
}

// spoolLimit is the largest body that waits in a file.
func (b *Bodies) spoolLimit() int64 {
	if b.Store == nil {
		return 0
	}
	return b.Spool
}

// streams says whether a body of length bytes, -1 if that is not known, below path
// is the application's while it comes.
func (b *Bodies) streams(path string, length int64) bool {
	if length > max(b.Memory, b.spoolLimit()) {
		return true
	}
	for _, prefix := range b.Stream {
		if _, below := CutPrefix(path, prefix); below {
			return true
		}
	}
	return false
}

// tooLargeError is a body beyond Bodies.Max.
type tooLargeError struct{ max int64 }

func (e tooLargeError) Error() string {
	return fmt.Sprintf("the request's body is larger than %d bytes (--max-body)", e.max)
}

// keepError says that there was no file to hold what a client sends before it reads.
type keepError struct{ cause error }

func (e keepError) Error() string { return "the request's body could not be kept: " + e.cause.Error() }

// spoolError says that a body could not wait in a file.
type spoolError struct{ cause error }

func (e spoolError) Error() string {
	return "there is no room for the request's body: " + e.cause.Error()
}

// badBody says how a body that could not be read is answered, and counts it.
func (g *Gateway) badBody(err error) *refusal {
	e := &refusal{
		status: http.StatusBadRequest, close: true,
		reason: fmt.Sprintf("the request's body is incomplete: %v", err),
	}
	var limit *http.MaxBytesError // of http.MaxBytesHandler, in a program around this package
	var large tooLargeError
	var kept keepError
	var spooled spoolError
	switch {
	case errors.As(err, &kept):
		e.status, e.reason = http.StatusInsufficientStorage, err.Error()
	case errors.As(err, &spooled):
		e.status, e.reason, e.retryAfter = http.StatusServiceUnavailable, err.Error(), noRoomRetry
		g.bodies.noRoom.Add(1)
	case errors.As(err, &limit), errors.As(err, &large):
		e.status, e.reason = http.StatusRequestEntityTooLarge, err.Error()
		g.bodies.tooLarge.Add(1)
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.status = http.StatusRequestTimeout
		g.bodies.tooSlow.Add(1)
	}
	return e
}

// noRoomRetry is what Retry-After says where there is no room for bodies, in seconds.
const noRoomRetry = 10

// complete says whether a body of this length has come whole with got bytes and err.
func complete(length, got int64, err error) error {
	switch {
	case !errors.Is(err, io.EOF):
		return err
	case length >= 0 && got < length:
		return io.ErrUnexpectedEOF
	}
	return nil
}
