package gateway

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"highball/internal/spool"
)

// collect has the request's body come as far as it is to be there before a slot is
// taken. What is returned is the body, if its length was not known and it fits into
// memory; buf is where it may be put. A short one of known length is left for the
// frame, which it is read into. The first read sends "100 Continue", so that all that
// can be refused without the body has to be by now.
func (x *exchange) collect(buf []byte) ([]byte, error) {
	r, limits := x.r, &x.g.opts.Bodies
	x.length = r.ContentLength
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	x.flight.enters(Receiving)
	x.client = newSupply(x.w, r, limits)
	x.supply = &x.client
	switch n := r.ContentLength; {
	case limits.Max > 0 && n > limits.Max:
		return nil, x.giveUpBody(tooLargeError{limits.Max})
	case limits.streams(x.target.scriptName+x.target.pathInfo, n):
		x.stream()
		return nil, nil
	case n > limits.Memory:
		return nil, x.toFile(nil)
	case n > 0:
		return nil, nil
	}
	return x.gather(buf)
}

// stream leaves the body, or the rest of it, for the application to ask for.
func (x *exchange) stream() {
	x.intake = newIntake(x.supply, x.r, x.g.opts.Bodies.Store)
	x.g.bodies.streamed.Add(1)
}

// gather reads a body of unknown length into memory, and where that is not enough
// into a file, or leaves the rest to the application.
func (x *exchange) gather(buf []byte) ([]byte, error) {
	limit := x.g.opts.Bodies.Memory
	var err error
	for int64(len(buf)) <= limit && err == nil {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(len(buf), 4<<10))
		}
		var n int
		x.supply.arm()
		n, err = x.supply.read(buf[len(buf):min(int64(cap(buf)), limit+1)])
		buf = buf[:len(buf)+n]
	}
	switch {
	case int64(len(buf)) > limit: // what may have come with it comes again at the next read
	case errors.Is(err, io.EOF):
		x.supply.disarm()
		x.length = int64(len(buf))
		return buf, nil
	default:
		return nil, x.giveUpBody(err)
	}
	if x.g.opts.Bodies.spoolLimit() <= limit {
		x.stream()
		x.intake.buf.mem = append([]byte(nil), buf...)
		return nil, nil
	}
	return nil, x.toFile(buf)
}

// toFile has the body wait in a file, of which begun is the beginning. One that turns
// out to be too large for that streams from there on.
func (x *exchange) toFile(begun []byte) error {
	f, err := x.g.opts.Bodies.Store.Create()
	if err == nil {
		_, err = f.Write(begun)
	}
	if err != nil {
		err = spoolError{err}
	} else {
		err = x.fill(f)
	}
	switch {
	case errors.Is(err, errBeyondSpool):
		x.stream()
		x.intake.buf.file = f
		return nil
	case err != nil:
		if f != nil {
			_ = f.Close()
		}
		return x.giveUpBody(err)
	}
	x.supply.disarm()
	x.spooled, x.length = f, f.Size()
	x.g.bodies.spooled.Add(1)
	x.g.bodies.spooledBytes.Add(f.Size())
	return nil
}

// errBeyondSpool ends the filling of a file that would become larger than it may.
var errBeyondSpool = errors.New("the body is larger than --spool-limit")

// fill reads the rest of the body into f.
func (x *exchange) fill(f *spool.File) error {
	s, limit := x.supply, x.g.opts.Bodies.spoolLimit()
	if s.length >= 0 {
		limit = s.length
	}
	p := x.g.pieces.small()
	defer func() { x.g.pieces.free(p) }()
	for {
		rest := limit - f.Size()
		s.arm()
		n, err := s.read(p[:min(int64(len(p)), rest+1)]) // one more shows whether it ends there
		if _, err := f.Write(p[:min(int64(n), rest)]); err != nil {
			return spoolError{err}
		}
		switch {
		case int64(n) > rest && s.length >= 0:
			return nil // more than was announced, from a handler before this one
		case int64(n) > rest:
			if _, err := f.Write(p[rest:n]); err != nil {
				return spoolError{err}
			}
			return errBeyondSpool
		case err != nil:
			return complete(s.length, f.Size(), err)
		}
		p = x.g.pieces.next(p, n)
	}
}

// giveUpBody refuses the request for the sake of its body, of which no more is read.
func (x *exchange) giveUpBody(err error) error {
	x.intake = newIntake(x.supply, x.r, nil)
	x.intake.abandoned = true
	x.remind(err)
	return x.g.badBody(err)
}

// remind has the log say, now and then, that there is no room for bodies.
func (x *exchange) remind(err error) {
	var full spoolError
	if !errors.As(err, &full) {
		return
	}
	if due, missed := x.g.noBodyRoom.DueAfter(); due {
		x.g.opts.Logger.Error(full.Error(), x.attrs("not_told", missed)...)
	}
}
