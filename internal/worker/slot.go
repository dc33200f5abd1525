package worker

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"highball/internal/wire"
)

// Slot is the front's end of one thread of a worker. It is used by one request
// at a time; only Leave may be called from another goroutine.
type Slot struct {
	worker   *Worker
	index    int
	requests *os.File // pipe to the worker
	replies  *os.File // pipe from the worker
	lane     *net.UnixConn
	reader   *bufio.Reader
	head     [wire.HeaderSize]byte
	buf      []byte
	number   uint32
	deadline time.Time // of the next read
}

// deathGrace is how long a worker whose pipe ended may take to be gone.
const deathGrace = time.Second

// pipeHolds is what any pipe takes without a reader, in bytes: usually 64 KiB,
// but a user with very many pipes gets small ones (pipe(7)).
const pipeHolds = 4096

// readGrace is how long a worker may take to read a large frame.
const readGrace = 30 * time.Second

// keepBuffer is the largest buffer that a slot keeps between requests, in bytes.
const keepBuffer = 128 << 10

// newSlot makes a slot and the three descriptors that the worker gets of it.
func newSlot(w *Worker, index int) (*Slot, []*os.File, error) {
	requestR, requestW, err := pipe(writeEnd)
	if err != nil {
		return nil, nil, err
	}
	replyR, replyW, err := pipe(readEnd)
	if err != nil {
		closeFiles(requestR, requestW)
		return nil, nil, err
	}
	lane, laneTheirs, err := socketpair()
	if err != nil {
		closeFiles(requestR, requestW, replyR, replyW)
		return nil, nil, err
	}
	s := &Slot{worker: w, index: index, requests: requestW, replies: replyR, lane: lane}
	s.reader = bufio.NewReaderSize(replyReader{s}, 64<<10)
	return s, []*os.File{requestR, replyW, laneTheirs}, nil
}

// PID is the process that the slot belongs to.
func (s *Slot) PID() int { return s.worker.pid }

// Begin sends a request. frame is a whole Request frame whose header is filled
// in here; the number returned names the request in Begun and Leave.
func (s *Slot) Begin(frame []byte) (number uint32, err error) {
	s.number++
	if s.number == 0 { // 0 means "none" in the shared words
		s.number = 1
	}
	wire.Header{
		Length: uint32(len(frame) - wire.HeaderSize), Number: s.number, Type: wire.TypeRequest,
	}.Put(frame)
	return s.number, s.write(frame)
}

// Begun says whether the worker had begun the request before it died.
func (s *Slot) Begun() bool { return s.worker.words.load(s.index, wordBegun) == s.number }

// Leave tells the worker that the client of the request has left.
func (s *Slot) Leave(number uint32) { s.worker.words.store(s.index, wordLeft, number) }

// SendBody answers a Read frame.
func (s *Slot) SendBody(data []byte, flags wire.Flags) error {
	h := wire.Header{Length: uint32(len(data)), Number: s.number, Type: wire.TypeBody, Flags: flags}
	buf := append(h.Append(s.buf[:0]), data...)
	s.buf = buf
	return s.write(buf)
}

// write sends a frame. One that is larger than a pipe holds waits for the worker
// to read, which only a stopped one does not.
func (s *Slot) write(frame []byte) error {
	if len(frame) > pipeHolds {
		if err := s.requests.SetWriteDeadline(time.Now().Add(readGrace)); err != nil {
			return s.died(err)
		}
		defer func() { _ = s.requests.SetWriteDeadline(time.Time{}) }()
	}
	if _, err := s.requests.Write(frame); err != nil {
		return s.died(err)
	}
	return nil
}

// Next reads the next frame's header. When none comes within timeout (0: no
// limit) the error is os.ErrDeadlineExceeded; when the worker died, ErrDied.
func (s *Slot) Next(timeout time.Duration) (wire.Header, error) {
	if s.reader.Buffered() < wire.HeaderSize {
		if err := s.setDeadline(timeout); err != nil {
			return wire.Header{}, s.died(err)
		}
	}
	h, err := wire.ReadHeader(s.reader, s.head[:])
	if err != nil {
		return h, s.died(err)
	}
	if h.Type == wire.TypeDone && h.Number != s.number {
		return s.Next(timeout) // asked for, and seen in the shared words before it came
	}
	if h.Number != s.number {
		return h, fmt.Errorf("%w: a frame of request %d within %d", wire.ErrMalformed, h.Number, s.number)
	}
	return h, nil
}

// Done says whether the worker is done with the request whose response has
// ended: its close() has returned, the slot is free.
func (s *Slot) Done() bool { return s.worker.words.load(s.index, wordDone) == s.number }

// AwaitDone waits until Done. Most workers are by the time that their response
// has been sent on; only one that is not is asked for a frame. The waits between
// two looks are short at first: the worker may look at the question just before
// it is put, for nothing orders its two accesses to the shared words.
func (s *Slot) AwaitDone(timeout time.Duration) error {
	s.worker.words.store(s.index, wordAsked, s.number)
	began := time.Now()
	for wait := time.Millisecond; !s.Done(); wait = min(2*wait, maxLook) {
		h, err := s.Next(wait)
		switch {
		case err == nil && h.Type == wire.TypeDone:
			return nil
		case err == nil:
			if err := s.afterEnd(h); err != nil {
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
func (s *Slot) afterEnd(h wire.Header) error {
	if h.Type != wire.TypeRead {
		return fmt.Errorf("%w: a %s after the end of the response", wire.ErrMalformed, h.Type)
	}
	if _, err := s.Payload(h); err != nil {
		return err
	}
	return s.SendBody(nil, wire.FlagAbort)
}

// maxLook is the longest wait between two looks at the shared words.
const maxLook = 100 * time.Millisecond

// setDeadline gives the next read timeout, and up to a sixteenth more: a deadline
// that is about right is kept, since to move one costs more than to read.
func (s *Slot) setDeadline(timeout time.Duration) error {
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
	select {
	case <-s.worker.exited: // hangUp's deadline must not be moved
		return s.replies.SetReadDeadline(time.Unix(1, 0))
	default:
		return nil
	}
}

// Payload reads the structured payload of h. It is valid until the next call.
func (s *Slot) Payload(h wire.Header) ([]byte, error) {
	buf, err := wire.ReadPayload(s.reader, h, s.buf[:0])
	if err != nil {
		return nil, s.died(err)
	}
	s.buf = buf
	return buf, nil
}

// Raw returns the raw payload of h as a stream, to be read to its end. It has no
// deadline: how fast it comes is how fast the client takes it.
func (s *Slot) Raw(h wire.Header) io.Reader {
	if s.reader.Buffered() < int(h.Length) {
		_ = s.setDeadline(0)
	}
	return io.LimitReader(s.reader, int64(h.Length))
}

// File takes the descriptor of a File frame from the lane.
func (s *Slot) File() (*os.File, error) {
	c := channel{conn: s.lane}
	defer func() { c.conn = nil }()
	if err := s.lane.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return nil, s.died(err)
	}
	if err := c.fill(1); err != nil {
		return nil, s.died(err)
	}
	if len(c.fds) != 1 {
		for _, fd := range c.fds {
			_ = syscall.Close(fd)
		}
		return nil, fmt.Errorf("%w: %d descriptors on the lane", wire.ErrMalformed, len(c.fds))
	}
	return os.NewFile(uintptr(c.fds[0]), "file_wrapper"), nil
}

// Release readies the slot for its next request.
func (s *Slot) Release() {
	if cap(s.buf) > keepBuffer {
		s.buf = nil
	}
}

// Kill ends the slot's process at once.
func (s *Slot) Kill(reason string) { s.worker.Kill(reason) }

// died turns an error of a pipe into what the caller acts on. A pipe that
// ended means that the process has ended or must: it is waited for, so that
// whoever reads ErrDied and tries again finds it gone.
func (s *Slot) died(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	select {
	case <-s.worker.exited:
	case <-time.After(deathGrace):
		s.worker.Kill("it closed the pipe of a slot")
		<-s.worker.exited
	}
	return fmt.Errorf("%w: %w", ErrDied, err)
}

func (s *Slot) close() {
	closeFiles(s.requests, s.replies)
	_ = s.lane.Close()
}

// hangUp wakes who reads or writes after the worker's death. What the worker had
// sent stays readable; no end of file would come while another process holds
// the other end.
func (s *Slot) hangUp() {
	_ = s.requests.Close()
	_ = s.replies.SetReadDeadline(time.Unix(1, 0))
}
