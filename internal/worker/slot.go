package worker

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"highball/internal/rawio"
	"highball/internal/wire"
)

// Slot is the front's end of one thread of a worker: two pipes, and the line of
// calls that have been written to it. The worker answers them one after the
// other, so that the first in line, and nobody else, reads the replies.
type Slot struct {
	worker   *Worker
	index    int
	requests *os.File // pipe to the worker
	out      *rawio.Conn
	unread   *takeBack // the worker's end of it; nil: the system has no such pipes
	replies  *os.File  // pipe from the worker
	in       *rawio.Conn
	lane     *net.UnixConn

	mu      sync.Mutex // guards writes to requests, and:
	number  uint32
	line    []*Call
	packets bool // what is written to requests can be taken back whole

	// What follows belongs to the first in line.
	reader   *bufio.Reader
	buf      []byte
	deadline time.Time // of the next read
}

// deathGrace is how long a worker whose pipe ended may take to be gone.
const deathGrace = time.Second

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
	s := &Slot{
		worker: w, index: index, requests: requestW, unread: newTakeBack(requestR, requestW), replies: replyR, lane: lane,
	}
	if s.out, err = rawio.New(requestW); err == nil {
		s.in, err = rawio.New(replyR)
	}
	theirs := []*os.File{requestR, replyW, laneTheirs}
	if err != nil {
		s.close()
		closeFiles(theirs...)
		return nil, nil, err
	}
	s.reader = bufio.NewReaderSize(replyReader{s}, 64<<10)
	return s, theirs, nil
}

// PID is the process that the slot belongs to.
func (s *Slot) PID() int { return s.worker.pid }

// Begin sends a request and puts it in line. frame is a whole Request frame whose
// header is filled in here. Behind one that is larger than a packet nothing can be
// taken back. One whose body streams must be the last in line until its End: the
// next thing in the pipe is its body. body is the file that the frame says its body
// is in, else nil; the caller closes it. Such a request must be alone in line.
func (s *Slot) Begin(frame []byte, flags wire.Flags, body *os.File) (*Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body != nil {
		if err := s.give(body); err != nil {
			return nil, err
		}
	}
	s.number++
	if s.number == 0 { // 0 means "none" in the shared words
		s.number = 1
	}
	wire.Header{
		Length: uint32(len(frame) - wire.HeaderSize), Number: s.number, Type: wire.TypeRequest, Flags: flags,
	}.Put(frame)
	c := &Call{slot: s, number: s.number}
	// A packet that is read together with a part of a stream is no longer whole:
	// there are packets again when nothing can be left in the pipe.
	s.inPackets(len(frame) <= packet && body == nil && (s.packets || len(s.line) == 0))
	if err := s.write(frame); err != nil {
		return nil, err
	}
	if len(s.line) > 0 {
		c.turn = make(chan bool, 1)
	}
	s.line = append(s.line, c)
	return c, nil
}

// give puts a descriptor on the lane. The frame that follows has the worker take it:
// if that cannot be written, the worker ends, and the lane with it.
func (s *Slot) give(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	err = raw.Control(func(fd uintptr) {
		_, _, sendErr = s.lane.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(fd)), nil)
	})
	switch {
	case err != nil:
		return err
	case errors.Is(sendErr, syscall.EPIPE), errors.Is(sendErr, syscall.ECONNRESET), errors.Is(sendErr, net.ErrClosed):
		return s.died(sendErr)
	case sendErr != nil: // ETOOMANYREFS: too many are on their way; the worker is well
		return fmt.Errorf("the request's body cannot be given to the worker: %w", sendErr)
	}
	return nil
}

// TakeBack has the worker not serve the calls that it has not read yet. Who reads
// a packet from the pipe has it, so that each is either served or taken back. Its
// Turn tells, or for the first in line TakenBack.
func (s *Slot) TakeBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread == nil || !s.packets {
		return
	}
	for {
		frame := s.unread.read()
		if len(frame) < wire.HeaderSize {
			return
		}
		s.strike(wire.ParseHeader(frame).Number)
	}
}

// strike takes a call out of the line; the first, which may be waiting for its
// answer, is woken and ends its turn itself.
func (s *Slot) strike(number uint32) {
	for i, c := range s.line {
		switch {
		case c.number != number:
		case i == 0:
			c.taken.Store(true)
			_ = s.replies.SetReadDeadline(time.Unix(1, 0))
		default:
			s.line = slices.Delete(s.line, i, i+1)
			c.turn <- false
			return
		}
	}
}

// pass ends the turn of the first in line; the next one has it then.
func (s *Slot) pass() {
	if cap(s.buf) > keepBuffer {
		s.buf = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line[0].taken.Load() {
		s.deadline = time.Unix(1, 0) // as strike has set it
	}
	s.line = slices.Delete(s.line, 0, 1)
	if len(s.line) > 0 {
		s.line[0].turn <- true
	}
}

// write sends a frame. One that is larger than a pipe holds waits for the worker
// to read, which only a stopped one does not.
func (s *Slot) write(frame []byte) error {
	if len(frame) > packet {
		if err := s.requests.SetWriteDeadline(time.Now().Add(readGrace)); err != nil {
			return s.died(err)
		}
		defer func() { _ = s.requests.SetWriteDeadline(time.Time{}) }()
	}
	_, err := s.out.Write(frame)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded): // there may be half of a frame in the pipe
		s.worker.Kill("it did not read what it was sent")
		<-s.worker.exited
		return fmt.Errorf("%w: it did not read what it was sent", ErrDied)
	}
	return s.died(err)
}

// inPackets says how the next writes are read: as packets, or as a stream of which
// the worker takes as many bytes as it wants.
func (s *Slot) inPackets(on bool) {
	if s.unread != nil && s.packets != on && setPacketMode(s.requests, on) {
		s.packets = on
	}
}

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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread.close()
	s.unread = nil
}

// hangUp wakes who reads or writes after the worker's death. What the worker had
// sent stays readable; no end of file would come while another process holds
// the other end.
func (s *Slot) hangUp() {
	_ = s.requests.Close()
	_ = s.replies.SetReadDeadline(time.Unix(1, 0))
}
