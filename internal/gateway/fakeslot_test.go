package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"highball/internal/wire"
)

var errDied = errors.New("the worker died")

// fakeSlot is a Slot for one call, whose worker is a function of the test.
type fakeSlot struct {
	worker func(w *fakeWorker) // nil: the call is taken back before its turn
	refuse error               // of Begin
	call   *fakeCall

	mu        sync.Mutex
	released  int  // calls of Lease.Release
	early     bool // one of them while the call had its turn
	condemned []string
}

func newFakeSlot(worker func(w *fakeWorker)) *fakeSlot {
	return &fakeSlot{worker: worker, call: newFakeCall()}
}

func (s *fakeSlot) PID() int { return 4711 }

// Begin runs the worker until it returns, which is its death unless its last
// frame has freed the slot.
func (s *fakeSlot) Begin(frame []byte, flags wire.Flags, body *os.File) (Call, error) {
	if s.refuse != nil {
		return nil, s.refuse
	}
	c := s.call
	if s.worker == nil {
		return c, nil
	}
	c.served = true
	w := &fakeWorker{call: c, request: bytes.Clone(frame), flags: flags}
	if body != nil {
		w.file, _ = io.ReadAll(body) // from where its offset is
	}
	go func() {
		defer close(c.frames)
		s.worker(w)
	}()
	return c, nil
}

// Release is what the lease of the slot does.
func (s *fakeSlot) Release() {
	began, ended := s.call.turns()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released++
	s.early = s.early || ended < began
}

// Condemn is what the lease's does in a pool without other requests.
func (s *fakeSlot) Condemn(reason string) {
	s.mu.Lock()
	s.condemned = append(s.condemned, reason)
	s.mu.Unlock()
	s.call.killOnce.Do(func() { close(s.call.kill) })
}

// fakeCall is a Call whose frames are what the worker sends; their end is the
// worker's death.
type fakeCall struct {
	served  bool          // its turn comes
	inLine  time.Duration // until then
	begun   atomic.Bool   // the word of the real worker
	done    atomic.Bool   // likewise
	taken   atomic.Bool   // it was taken back when it was the first in line
	frames  chan fakeFrame
	bodies  chan fakeBody
	kill    chan struct{} // closed by Kill
	left    chan struct{} // closed by Leave
	current fakeFrame

	torn            bool          // payloads do not come in time
	stuck           bool          // it answers no question
	killedMeanwhile bool          // it is asked a question when somebody else has it killed
	hookHangs       bool          // worker_abort does not return
	interrupted     chan struct{} // closed by Interrupt

	mu       sync.Mutex
	began    int // turns
	ended    int // calls of End
	killed   []string
	dumped   int // calls of Dump
	givenUp  int // calls of GiveUp
	leaves   int
	leftOnce sync.Once
	killOnce sync.Once
}

type fakeFrame struct {
	header  wire.Header
	payload []byte
	file    *os.File
	err     error // of Next
}

type fakeBody struct {
	data  []byte
	flags wire.Flags
}

func newFakeCall() *fakeCall {
	return &fakeCall{
		frames: make(chan fakeFrame), bodies: make(chan fakeBody, 1), kill: make(chan struct{}), left: make(chan struct{}),
		interrupted: make(chan struct{}),
	}
}

func (c *fakeCall) Turn() bool {
	if !c.served {
		return false
	}
	if c.inLine > 0 {
		<-time.After(c.inLine)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began++
	return true
}

func (c *fakeCall) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended++
}

func (c *fakeCall) turns() (began, ended int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.began, c.ended
}

func (c *fakeCall) TakenBack() bool { return c.taken.Load() }

func (c *fakeCall) Begun() bool { return c.begun.Load() }

func (c *fakeCall) Leave() {
	c.mu.Lock()
	c.leaves++
	c.mu.Unlock()
	c.leftOnce.Do(func() { close(c.left) })
}

func (c *fakeCall) SendBody(data []byte, flags wire.Flags) error {
	c.bodies <- fakeBody{bytes.Clone(data), flags}
	return nil
}

func (c *fakeCall) Next(timeout time.Duration) (wire.Header, error) {
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case f, ok := <-c.frames:
		if !ok {
			return wire.Header{}, errDied
		}
		c.current = f
		return f.header, f.err
	case <-expired:
		return wire.Header{}, os.ErrDeadlineExceeded
	}
}

// Done is not seen in time, unless the test says so; the worker's Done frame tells.
func (c *fakeCall) Done() bool { return c.done.Load() }

func (c *fakeCall) AwaitDone(timeout time.Duration) error {
	for !c.Done() {
		h, err := c.Next(timeout)
		switch {
		case err != nil || h.Type == wire.TypeDone:
			return err
		case h.Type != wire.TypeRead:
			return wire.ErrMalformed
		}
		_ = c.SendBody(nil, wire.FlagAbort)
	}
	return nil
}

// Payload grows and uses buf as the real one does: who keeps what was in it finds out.
func (c *fakeCall) Payload(h wire.Header, buf []byte) ([]byte, error) {
	if h.Length > wire.MaxMessage {
		return nil, wire.ErrTooLong
	}
	if c.torn {
		return nil, os.ErrDeadlineExceeded
	}
	return append(buf[:0], c.current.payload...), nil
}

func (c *fakeCall) Raw(wire.Header) io.Reader { return bytes.NewReader(c.current.payload) }

func (c *fakeCall) File() (*os.File, error) {
	if c.current.file == nil {
		return nil, os.NewSyscallError("recvmsg", syscall.EMFILE)
	}
	return c.current.file, nil
}

func (c *fakeCall) Stack(ctx context.Context) (string, error) {
	if c.stuck {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if c.killedMeanwhile {
		c.killOnce.Do(func() { close(c.kill) })
		return "", errDied
	}
	return "File \"app.py\", line 7, in slow_view", nil
}

func (c *fakeCall) Interrupt(context.Context, time.Duration, string) bool {
	close(c.interrupted)
	return true
}

// GiveUp stands for a hook that returns, or does not.
func (c *fakeCall) GiveUp(ctx context.Context) error {
	c.mu.Lock()
	c.givenUp++
	c.mu.Unlock()
	if c.hookHangs {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (c *fakeCall) Dump() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dumped++
}

func (c *fakeCall) Kill(reason string) {
	c.mu.Lock()
	c.killed = append(c.killed, reason)
	c.mu.Unlock()
	c.killOnce.Do(func() { close(c.kill) })
}

// counts returns how often the worker was killed, and told that the client left.
func (s *fakeSlot) counts() (killed, leaves int) {
	s.call.mu.Lock()
	defer s.call.mu.Unlock()
	return len(s.call.killed), s.call.leaves
}

// misuse says what is wrong in how the slot was given back: the turn, if it had
// come, and after it the lease, each once.
func (s *fakeSlot) misuse() string {
	began, ended := s.call.turns()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ended != began:
		return fmt.Sprintf("%d turns were ended %d times", began, ended)
	case s.released != 1:
		return fmt.Sprintf("the lease was released %d times", s.released)
	case s.early:
		return "the lease was released before the turn was ended"
	}
	return ""
}

// wasGivenBack says whether the turn was ended, or the lease released.
func (s *fakeSlot) wasGivenBack() bool {
	_, ended := s.call.turns()
	s.mu.Lock()
	defer s.mu.Unlock()
	return ended > 0 || s.released > 0
}
