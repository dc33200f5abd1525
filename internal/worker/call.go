package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"highball/internal/wire"
)

// Call is one request in the line of a slot. It is used by one goroutine at a
// time, from its turn to its End; only Leave may be called from another.
type Call struct {
	slot   *Slot
	number uint32
	turn   chan bool // nil: its turn began at once
	taken  atomic.Bool
}

// Turn waits until the worker has served who is before in line. False means that
// the call was taken back: the application has not seen it, and End must not be called.
func (c *Call) Turn() bool { return c.turn == nil || <-c.turn }

// TakenBack says, after an error, that the worker did not get to see the call. It
// waits for who takes back, and may have the call in hand and not have said so yet.
func (c *Call) TakenBack() bool {
	c.slot.mu.Lock()
	defer c.slot.mu.Unlock()
	return c.taken.Load()
}

// End passes the turn on: all that the worker says of this call has been read.
func (c *Call) End() { c.slot.pass() }

// Begun says whether the worker had begun the request before it died.
func (c *Call) Begun() bool { return c.reached(wordBegun) }

// Done says whether the worker is done with the request whose response has
// ended: its close() has returned, the slot is free.
func (c *Call) Done() bool { return c.reached(wordDone) }

// reached says whether a word, which only counts up, is at this call or after it.
func (c *Call) reached(word int) bool {
	value := c.slot.worker.words.load(c.slot.index, word)
	return value != 0 && int32(value-c.number) >= 0
}

// Leave tells the worker that the client of the request has left.
func (c *Call) Leave() { c.slot.worker.words.store(c.slot.index, wordLeft, c.number) }

// Kill ends the process at once.
func (c *Call) Kill(reason string) { c.slot.worker.Kill(reason) }

// SendBody answers a Read frame.
func (c *Call) SendBody(data []byte, flags wire.Flags) error {
	s := c.slot
	h := wire.Header{Length: uint32(len(data)), Number: c.number, Type: wire.TypeBody, Flags: flags}
	s.buf = append(h.Append(s.buf[:0]), data...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inPackets(false)
	return s.write(s.buf)
}

// Next reads the next frame's header. When none comes within timeout (0: no
// limit) the error is os.ErrDeadlineExceeded; when the worker died, ErrDied.
func (c *Call) Next(timeout time.Duration) (wire.Header, error) {
	h, err := c.peek(timeout)
	switch {
	case err != nil:
		return h, err
	case h.Number == c.number:
		_, err = c.slot.reader.Discard(wire.HeaderSize)
		return h, err
	case h.Type == wire.TypeDone: // asked for, and seen in the shared words before it came
		_, _ = c.slot.reader.Discard(wire.HeaderSize)
		return c.Next(timeout)
	case c.TakenBack(): // it is the answer to the next in line
		return h, errTaken
	}
	return h, fmt.Errorf("%w: a frame of request %d within %d", wire.ErrMalformed, h.Number, c.number)
}

// errTaken is what Next says of a call that was taken back while it waited.
var errTaken = errors.New("the call was taken back")

// peek looks at the next frame's header.
func (c *Call) peek(timeout time.Duration) (wire.Header, error) {
	s := c.slot
	if s.reader.Buffered() < wire.HeaderSize {
		if err := c.setDeadline(timeout); err != nil {
			return wire.Header{}, s.died(err)
		}
	}
	b, err := s.reader.Peek(wire.HeaderSize)
	if err != nil {
		return wire.Header{}, s.died(err)
	}
	return wire.ParseHeader(b), nil
}

// setDeadline gives the next read timeout, and up to a sixteenth more: a deadline
// that is about right is kept, since to move one costs more than to read.
func (c *Call) setDeadline(timeout time.Duration) error {
	s := c.slot
	var want time.Time
	if timeout > 0 {
		slack := min(timeout/16, time.Second)
		now := time.Now()
		if left := s.deadline.Sub(now); left >= timeout && left <= timeout+slack {
			return nil
		}
		want = now.Add(timeout + slack)
	} else if s.deadline.IsZero() {
		return nil
	}
	s.deadline = want
	if err := s.replies.SetReadDeadline(want); err != nil {
		return err
	}
	// The deadlines of hangUp and TakeBack, which wake who reads, must not be moved.
	if c.taken.Load() || isClosed(s.worker.exited) {
		s.deadline = time.Unix(1, 0)
		return s.replies.SetReadDeadline(s.deadline)
	}
	return nil
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// AwaitDone waits until Done. Most workers are by the time that their response
// has been sent on; only one that is not is asked for a frame. The waits between
// two looks are short at first: the worker may look at the question just before
// it is put, for nothing orders its two accesses to the shared words.
func (c *Call) AwaitDone(timeout time.Duration) error {
	c.slot.worker.words.store(c.slot.index, wordAsked, c.number)
	began := time.Now()
	for wait := time.Millisecond; !c.Done(); wait = min(2*wait, maxLook) {
		h, err := c.peek(wait)
		if err == nil {
			if h.Number != c.number && c.Done() {
				return nil // the next in line has been begun
			}
			h, err = c.Next(wait)
		}
		switch {
		case err == nil && h.Type == wire.TypeDone:
			return nil
		case err == nil:
			if err := c.afterEnd(h); err != nil {
				return err
			}
		case !errors.Is(err, os.ErrDeadlineExceeded) || timeout > 0 && time.Since(began) >= timeout:
			return err
		}
	}
	return nil
}

// afterEnd answers what a worker may still say after its response: that close()
// reads from wsgi.input. It learns that nobody sends a body any more.
func (c *Call) afterEnd(h wire.Header) error {
	if h.Type != wire.TypeRead {
		return fmt.Errorf("%w: a %s after the end of the response", wire.ErrMalformed, h.Type)
	}
	if _, err := c.Payload(h, nil); err != nil {
		return err
	}
	return c.SendBody(nil, wire.FlagAbort)
}

// maxLook is the longest wait between two looks at the shared words.
const maxLook = 100 * time.Millisecond

// Payload reads the structured payload of h into buf, which it grows where needed.
func (c *Call) Payload(h wire.Header, buf []byte) ([]byte, error) {
	buf, err := wire.ReadPayload(c.slot.reader, h, buf[:0])
	if err != nil {
		return nil, c.slot.died(err)
	}
	return buf, nil
}

// Raw returns the raw payload of h as a stream, to be read to its end. It has no
// deadline: how fast it comes is how fast the client takes it.
func (c *Call) Raw(h wire.Header) io.Reader {
	if c.slot.reader.Buffered() < int(h.Length) {
		_ = c.setDeadline(0)
	}
	return io.LimitReader(c.slot.reader, int64(h.Length))
}

// File takes the descriptor of a File frame from the lane. EMFILE says that this
// process may not open another: the worker is not to blame.
func (c *Call) File() (*os.File, error) {
	s := c.slot
	lane := channel{conn: s.lane}
	if err := s.lane.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return nil, s.died(err)
	}
	if err := lane.fill(1); err != nil {
		return nil, s.died(err)
	}
	if len(lane.fds) == 0 && lane.short {
		return nil, os.NewSyscallError("recvmsg", syscall.EMFILE)
	}
	if len(lane.fds) != 1 {
		for _, fd := range lane.fds {
			_ = syscall.Close(fd)
		}
		return nil, fmt.Errorf("%w: %d descriptors on the lane", wire.ErrMalformed, len(lane.fds))
	}
	return os.NewFile(uintptr(lane.fds[0]), "file_wrapper"), nil
}
