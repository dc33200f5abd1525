package worker

import (
	"syscall"
	"testing"
)

func TestStateMovesForwardOnly(t *testing.T) {
	t.Parallel()
	order := []State{StateStarting, StateReady, StateStopping, StateDead}
	for i, from := range order {
		for j, to := range order {
			var s state
			s.v.Store(int32(from))
			if moved := s.set(to); moved != (j > i) {
				t.Errorf("from %s to %s: %t", from, to, moved)
			}
			if s.load() != max(from, to) {
				t.Errorf("from %s to %s: now %s", from, to, s.load())
			}
		}
	}
}

func TestDescribeStatus(t *testing.T) {
	t.Parallel()
	for raw, want := range map[int]string{
		0:                          "exit code 0",
		3 << 8:                     "exit code 3",
		int(syscall.SIGSEGV):       "signal 11 (segmentation fault)",
		int(syscall.SIGKILL):       "signal 9 (killed), out of memory perhaps",
		int(syscall.SIGABRT) | 128: "signal 6 (aborted)",
	} {
		if got := describeStatus(syscall.WaitStatus(raw)); got != want {
			t.Errorf("%#x: got %q, want %q", raw, got, want)
		}
	}
}

// A worker may say why it does not load and end before anybody has read that.
func TestReasonIsReadAfterTheEnd(t *testing.T) {
	t.Parallel()
	for range 50 { // without order it would come out right by chance
		readAfterTheEnd(t)
	}
}

func readAfterTheEnd(t *testing.T) {
	t.Helper()
	w := &Worker{
		opts: &Options{}, ready: make(chan Ready, 1), failed: make(chan *LoadError, 1),
		exited: make(chan struct{}), finished: make(chan struct{}), status: make(chan int, 1),
	}
	w.status <- 0
	close(w.exited)
	ended := make(chan error, 1)
	go func() { _, err := w.await(t.Context()); ended <- err }()
	want := &LoadError{Message: "no such module"}
	w.failed <- want
	close(w.finished)
	if err := <-ended; err != want {
		t.Errorf("got %v, want %v", err, want)
	}
}
