package gateway

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"highball/internal/spool"
	"highball/internal/wire"
)

// window is how much of a streaming body the front holds ahead of the
// application, in bytes. More is read only when the application takes it...
const window = 256 << 10

// spillAfter is when a response that the client does not take makes the front
// read the rest of its request into a file all the same: a client that reads
// only after it has sent everything would wait for ever otherwise.
const spillAfter = 50 * time.Millisecond

// maxSpill bounds that file, in bytes. A client that goes beyond is cut off.
const maxSpill = 4 << 30

var errSpillFull = errors.New("the request's body is too large to be held for a client that does not read")

// intake reads the body of a request for the application, from the first time
// that the application asks: not before, because reading sends "100 Continue".
type intake struct {
	*supply
	proto     int
	expects   bool // the client waits for a 100 before it sends
	abandoned bool // there is nothing to be read any more: the request is refused for its body

	mu      sync.Mutex
	changed sync.Cond
	started bool
	buf     spillBuffer
	err     error // why reading ended: io.EOF at the body's end
	lost    error // the same, if it is that what was read could not be kept
	blocked bool  // the response is being written
	stuck   bool  // the response is not being taken: read on, into the file
	ended   bool  // nobody wants the rest
	exited  chan struct{}
	timer   *time.Timer
}

// newIntake's store, which may be nil, is for what is read before the application
// takes it.
func newIntake(s *supply, r *http.Request, store *spool.Store) *intake {
	in := &intake{
		supply: s, proto: r.ProtoMajor, buf: spillBuffer{store: store, most: maxSpill},
		expects: len(r.Header["Expect"]) > 0 && s.got == 0, exited: make(chan struct{}),
	}
	in.changed.L = &in.mu
	// Without it net/http's server reads the body itself before it lets a response begin.
	_ = in.control.EnableFullDuplex()
	return in
}

// untouched says that nothing of the body was asked for.
func (in *intake) untouched() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return !in.started
}

// start begins to read. The caller holds mu.
func (in *intake) start() {
	if !in.started {
		in.started = true
		go in.run()
	}
}

func (in *intake) run() {
	defer close(in.exited)
	chunk := make([]byte, 64<<10)
	for in.mayRead() {
		n, err := in.supply.read(chunk)
		in.mu.Lock()
		if n > 0 && !in.ended {
			if e := in.buf.put(chunk[:n], in.stuck); e != nil {
				err, in.lost = e, e
				// The client does not read, and we cannot take what it sends.
				_ = in.control.SetWriteDeadline(time.Now())
			}
		}
		in.err = err
		if err != nil && !in.ended {
			in.disarm() // what follows the body may take its time
		}
		in.changed.Broadcast()
		in.mu.Unlock()
	}
}

// mayRead waits until there is room, in memory unless the response is stuck, and
// reports whether to go on. The deadline is set under the lock, so that it never
// follows the one of end.
func (in *intake) mayRead() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.err == nil && !in.ended && !in.stuck && (in.buf.length() >= window || in.buf.waits() > 0) {
		in.changed.Wait()
	}
	if in.err != nil || in.ended {
		return false
	}
	in.arm()
	return true
}

// read waits for some of the body and takes up to len(p) bytes of it.
func (in *intake) read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.start()
	for in.buf.length() == 0 && in.err == nil {
		in.changed.Wait()
	}
	if in.buf.length() == 0 {
		return 0, in.err
	}
	n, err := in.buf.take(p)
	in.changed.Broadcast()
	if err == nil && in.buf.length() == 0 && errors.Is(in.err, io.EOF) {
		err = io.EOF // known already: saves the application's last question
	}
	return n, err
}

// sending notes that the response is being written to the client.
func (in *intake) sending() {
	in.mu.Lock()
	in.blocked = true
	in.mu.Unlock()
	if in.timer == nil {
		in.timer = time.AfterFunc(spillAfter, in.spill)
	} else {
		in.timer.Reset(spillAfter)
	}
}

// sent notes that the client has taken it.
func (in *intake) sent() {
	in.timer.Stop()
	in.mu.Lock()
	in.blocked, in.stuck = false, false
	in.mu.Unlock()
}

func (in *intake) spill() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.blocked || in.abandoned {
		return // the timer was late
	}
	in.stuck = true
	in.start()
	in.changed.Broadcast()
}

// end stops the reading and reports whether the connection's stream is still in
// order: the body was read to its end.
func (in *intake) end() bool {
	if in.timer != nil {
		in.timer.Stop()
	}
	in.mu.Lock()
	in.ended = true
	started := in.started
	in.changed.Broadcast()
	if started {
		_ = in.control.SetReadDeadline(time.Now()) // wakes a read that waits for the client
	}
	in.mu.Unlock()
	if in.abandoned {
		return in.proto != 1
	}
	if !started {
		in.buf.close()
		return in.proto != 1 || in.drain()
	}
	if in.proto != 1 {
		_ = in.body.Close()
	}
	<-in.exited
	_ = in.control.SetReadDeadline(time.Time{})
	in.buf.close()
	return errors.Is(in.err, io.EOF) || in.proto != 1
}

// drainTime and drainBytes bound what is read of a body that nobody has asked for,
// so that its connection can be used again.
const (
	drainTime  = 2 * time.Second
	drainBytes = 256 << 10
)

// drain reads a body that the application has left alone. net/http's server would do
// so, but without a limit in time; and it would wait for the body of a client that
// itself waits for a 100 (RFC 9110 10.1.1).
func (in *intake) drain() bool {
	if in.expects || in.length > drainBytes {
		return false
	}
	_ = in.control.Flush()
	_ = in.control.SetReadDeadline(time.Now().Add(drainTime))
	_, err := io.CopyN(io.Discard, in.body, drainBytes+1)
	_ = in.control.SetReadDeadline(time.Time{})
	return errors.Is(err, io.EOF)
}

// read answers a Read frame with what there is of the body.
func (x *exchange) read(payload []byte) error {
	if len(payload) != 4 || x.intake == nil {
		return wire.ErrMalformed
	}
	want := binary.LittleEndian.Uint32(payload)
	if x.silent() {
		return x.call.SendBody(nil, wire.FlagAbort)
	}
	bufp := x.g.bufs.Get().(*[]byte)
	defer x.g.recycle(bufp)
	size := int(min(want, copyBuffer))
	if cap(*bufp) < size {
		*bufp = make([]byte, size)
	}
	n, err := x.intake.read((*bufp)[:size])
	var flags wire.Flags
	switch {
	case errors.Is(err, io.EOF):
		flags = wire.FlagEnd
	case err != nil && n == 0:
		flags = wire.FlagAbort
		x.lose(err)
	}
	return x.call.SendBody((*bufp)[:n], flags)
}

// unsent notes that the client does not take the response: it has left, has let its
// time pass, or its own request stands in the way.
func (x *exchange) unsent(err error) {
	if x.unsentFor == nil {
		x.unsentFor = err
	}
	if in := x.intake; in != nil {
		in.mu.Lock()
		lost := in.lost
		in.mu.Unlock()
		if lost != nil {
			x.lose(lost)
		}
	}
	if x.failure == "" {
		x.failure = x.whyLeft()
	}
	x.leave()
}

// lose notes why the request's body did not come whole, and tells the log if that
// is no client's fault.
func (x *exchange) lose(err error) {
	if x.bodyError != nil {
		return
	}
	x.bodyError = x.g.badBody(err)
	var e keepError
	if errors.As(err, &e) {
		x.g.opts.Logger.Error(e.Error(), x.attrs()...)
	}
}

// skip throws away a frame's payload; a worker that wants more of the body of a
// client that has gone is told so.
func skip(call Call, h wire.Header) error {
	switch h.Type {
	case wire.TypeRead:
		if _, err := call.Payload(h, nil); err != nil {
			return err
		}
		return call.SendBody(nil, wire.FlagAbort)
	case wire.TypeFile:
		if _, err := call.Payload(h, nil); err != nil {
			return err
		}
		f, err := call.File()
		if err == nil {
			err = f.Close()
		}
		return err
	default:
		_, err := io.Copy(io.Discard, call.Raw(h))
		return err
	}
}
