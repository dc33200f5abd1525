package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"
)

// supply reads a request's body and holds its client to the limits.
type supply struct {
	body    io.ReadCloser
	control *http.ResponseController
	limits  *Bodies
	length  int64 // Content-Length, or -1

	got    int64         // bytes
	waited time.Duration // for them, and for nothing else
	err    error         // the last, which stays
	last   [1]byte       // what is read where the end should be
}

func newSupply(w http.ResponseWriter, r *http.Request, limits *Bodies) supply {
	return supply{body: r.Body, control: http.NewResponseController(w), limits: limits, length: r.ContentLength}
}

// arm sets the deadline of the next read.
func (s *supply) arm() {
	if wait, limited := s.patience(); limited {
		_ = s.control.SetReadDeadline(time.Now().Add(wait))
	}
}

// patience is how long the next bytes may take: a pause at most, and no longer than
// until the client has fallen behind its rate.
func (s *supply) patience() (wait time.Duration, limited bool) {
	l := s.limits
	if l.MinRate > 0 {
		// In floating point: the bytes of a large body are no number of nanoseconds.
		earned := time.Duration(min(float64(s.got)/float64(l.MinRate), 1e9) * 1e9)
		wait, limited = max(l.Grace+earned-s.waited, time.Nanosecond), true
	}
	if l.Timeout > 0 && (!limited || l.Timeout < wait) {
		wait, limited = l.Timeout, true
	}
	return wait, limited
}

// disarm lets later reads of the connection take their time.
func (s *supply) disarm() { _ = s.control.SetReadDeadline(time.Time{}) }

// read reads some of the body, after arm. An error comes again at each further read.
func (s *supply) read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	defer func() { s.err = err }()
	began := time.Now()
	n, err = s.body.Read(p)
	s.waited += time.Since(began)
	s.got += int64(n)
	if limit := s.limits.Max; limit > 0 && s.got > limit {
		return 0, tooLargeError{limit}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%d bytes came in %s, and then no more in time: %w", s.got, s.waited.Round(time.Millisecond), err)
	}
	return n, err
}

// appendWhole adds the whole body, whose length is known, to b. The memory grows with
// what has come, not with what was announced.
func (s *supply) appendWhole(b []byte) ([]byte, error) {
	end := len(b) + int(s.length)
	var err error
	for len(b) < end && err == nil {
		if len(b) == cap(b) {
			b = slices.Grow(b, min(end-len(b), max(len(b), 4<<10)))
		}
		var n int
		s.arm()
		n, err = s.read(b[len(b):min(cap(b), end)])
		b = b[:len(b)+n]
	}
	if err == nil { // to its end, so that the server knows that nothing is left
		_, err = s.read(s.last[:])
		if err == nil {
			err = io.EOF // more than was announced, from a handler before this one
		}
	}
	return b, complete(s.length, s.got, err)
}
