package gateway

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/wire"
)

var errDied = errors.New("the worker died")

// fakeSlot is a Slot whose worker is a function of the test. Its frames are what
// that function sends; its end is the worker's death.
type fakeSlot struct {
	number  uint32
	begun   atomic.Bool
	begin   chan []byte // the request's frame
	frames  chan fakeFrame
	bodies  chan fakeBody
	current fakeFrame
	kill    chan struct{} // closed by Kill
	left    chan struct{} // closed by Leave

	mu       sync.Mutex
	killed   []string
	leaves   int
	released int
	leased   int // Lease.Release calls
	refuse   error
	leftOnce sync.Once
	killOnce sync.Once
}

type fakeFrame struct {
	header  wire.Header
	payload []byte
	file    *os.File
	err     error
}

type fakeBody struct {
	data  []byte
	flags wire.Flags
}

// newFakeSlot runs worker for each request until it returns, which is its death
// unless its last frame has freed the slot.
func newFakeSlot(worker func(w *fakeWorker)) *fakeSlot {
	s := &fakeSlot{
		begin: make(chan []byte), frames: make(chan fakeFrame), bodies: make(chan fakeBody, 1),
		kill: make(chan struct{}), left: make(chan struct{}),
	}
	go func() {
		defer close(s.frames)
		select {
		case frame := <-s.begin:
			worker(&fakeWorker{slot: s, request: frame})
		case <-s.kill:
		}
	}()
	return s
}

func (s *fakeSlot) PID() int { return 4711 }

func (s *fakeSlot) Begin(frame []byte) (uint32, error) {
	s.number++
	if s.refuse != nil {
		return s.number, s.refuse
	}
	s.begin <- bytes.Clone(frame)
	return s.number, nil
}

func (s *fakeSlot) Begun() bool { return s.begun.Load() }

func (s *fakeSlot) Leave(uint32) {
	s.mu.Lock()
	s.leaves++
	s.mu.Unlock()
	s.leftOnce.Do(func() { close(s.left) })
}

func (s *fakeSlot) SendBody(data []byte, flags wire.Flags) error {
	s.bodies <- fakeBody{bytes.Clone(data), flags}
	return nil
}

func (s *fakeSlot) Next(timeout time.Duration) (wire.Header, error) {
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case f, ok := <-s.frames:
		if !ok {
			return wire.Header{}, errDied
		}
		s.current = f
		return f.header, f.err
	case <-expired:
		return wire.Header{}, os.ErrDeadlineExceeded
	}
}

// Done is never seen in time; the worker's Done frame tells.
func (s *fakeSlot) Done() bool { return false }

func (s *fakeSlot) AwaitDone(timeout time.Duration) error {
	for {
		h, err := s.Next(timeout)
		switch {
		case err != nil || h.Type == wire.TypeDone:
			return err
		case h.Type != wire.TypeRead:
			return wire.ErrMalformed
		}
		_ = s.SendBody(nil, wire.FlagAbort)
	}
}

func (s *fakeSlot) Payload(wire.Header) ([]byte, error) { return s.current.payload, nil }

func (s *fakeSlot) Raw(wire.Header) io.Reader { return bytes.NewReader(s.current.payload) }

func (s *fakeSlot) File() (*os.File, error) { return s.current.file, nil }

func (s *fakeSlot) Kill(reason string) {
	s.mu.Lock()
	s.killed = append(s.killed, reason)
	s.mu.Unlock()
	s.killOnce.Do(func() { close(s.kill) })
}

func (s *fakeSlot) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released++
}

// counts returns how often the slot was killed, left, and given back.
func (s *fakeSlot) counts() (killed, leaves, released, leased int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.killed), s.leaves, s.released, s.leased
}
