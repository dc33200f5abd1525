package worker

import (
	"errors"
	"log/slog"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"highball/internal/wire"
)

// fakeWorker is the other side of a slot, played by the test: for what CPython
// does at moments that cannot be chosen.
type fakeWorker struct {
	slot     *Slot
	requests *os.File
	replies  *os.File
}

func newFakeWorker(t *testing.T) *fakeWorker {
	t.Helper()
	w := &Worker{
		opts:   &Options{Logger: slog.New(newRecords())},
		pid:    math.MaxInt32, // no process has it: Kill must not hit anybody
		exited: make(chan struct{}),
	}
	words, file, err := newWords(1)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	w.words = words
	s, theirs, err := newSlot(w, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(w.exited)
		s.close()
		closeFiles(theirs...)
	})
	return &fakeWorker{s, theirs[0], theirs[1]}
}

// read reads a request.
func (f *fakeWorker) read(t *testing.T) wire.Header {
	t.Helper()
	b := make([]byte, 64<<10)
	n, err := f.requests.Read(b)
	if err != nil || n < wire.HeaderSize {
		t.Fatalf("%d bytes, %v", n, err)
	}
	return wire.ParseHeader(b)
}

// send sends a frame without a payload.
func (f *fakeWorker) send(t *testing.T, number uint32, kind wire.Type, flags wire.Flags) {
	t.Helper()
	if _, err := f.replies.Write(wire.Header{Number: number, Type: kind, Flags: flags}.Append(nil)); err != nil {
		t.Error(err)
	}
}

func (f *fakeWorker) store(word int, number uint32) { f.slot.worker.words.store(0, word, number) }

func wantNext(t *testing.T, c *Call, want wire.Type) {
	t.Helper()
	if h, err := c.Next(patience); err != nil || h.Type != want || h.Number != c.number {
		t.Fatalf("%s of %d, %v, want a %s of %d", h.Type, h.Number, err, want, c.number)
	}
}

// Nothing orders the worker's look at the asked word and its store to the done
// word: it may send no Done frame though it was asked, and go on to the next.
func TestAwaitDoneWithoutItsFrame(t *testing.T) {
	t.Parallel()
	f := newFakeWorker(t)
	for round := range 200 {
		late, next := begin(t, f.slot, "/late"), begin(t, f.slot, "/next")
		if first, second := f.read(t), f.read(t); first.Number != late.number || second.Number != next.number {
			t.Fatalf("read %d and %d", first.Number, second.Number)
		}
		f.send(t, late.number, wire.TypeResponse, wire.FlagEnd)
		wantNext(t, late, wire.TypeResponse)
		went := make(chan struct{})
		go func() {
			defer close(went)
			// At another moment of the front's looks each time.
			for began := time.Now(); time.Since(began) < time.Duration(round)*20*time.Microsecond; {
				runtime.Gosched()
			}
			f.store(wordDone, late.number)
			f.send(t, next.number, wire.TypeResponse, wire.FlagEnd|wire.FlagFree)
		}()
		if err := late.AwaitDone(patience); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		<-went
		late.End()
		wantNext(t, next, wire.TypeResponse)
		next.End()
	}
}

// A Done frame may come after the word that it tells of was seen.
func TestDoneFrameThatComesLate(t *testing.T) {
	t.Parallel()
	f := newFakeWorker(t)
	late, next := begin(t, f.slot, "/late"), begin(t, f.slot, "/next")
	f.send(t, late.number, wire.TypeResponse, wire.FlagEnd)
	wantNext(t, late, wire.TypeResponse)
	f.store(wordDone, late.number)
	if err := late.AwaitDone(patience); err != nil {
		t.Fatal(err)
	}
	late.End()
	f.send(t, late.number, wire.TypeDone, wire.FlagFree)
	f.send(t, next.number, wire.TypeResponse, wire.FlagEnd|wire.FlagFree)
	wantNext(t, next, wire.TypeResponse)
	next.End()
}

// A worker that answers out of turn has broken the protocol.
func TestAnswerOfAnotherCall(t *testing.T) {
	t.Parallel()
	for _, kind := range []wire.Type{wire.TypeResponse, wire.TypeBlock, wire.TypeRead} {
		f := newFakeWorker(t)
		first, second := begin(t, f.slot, "/a"), begin(t, f.slot, "/b")
		f.send(t, second.number, kind, 0)
		if _, err := first.Next(patience); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("a %s of the next in line: %v, want ErrMalformed", kind, err)
		}
		f.store(wordDone, first.number-1)
		if err := first.AwaitDone(patience); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("AwaitDone, a %s of the next in line: %v, want ErrMalformed", kind, err)
		}
	}
}

// The first in line waits and is taken back; before it wakes, the worker answers
// the next. That answer is for the next to read.
func TestAnswerBehindOneTakenBack(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("nothing is taken back here")
	}
	f := newFakeWorker(t)
	taken := begin(t, f.slot, "/taken")
	f.slot.TakeBack()
	next := begin(t, f.slot, "/next")
	f.read(t)
	f.send(t, next.number, wire.TypeResponse, wire.FlagEnd|wire.FlagFree)
	_ = f.slot.replies.SetReadDeadline(time.Time{}) // as the reader that woke by the answer has it
	if _, err := taken.slot.reader.Peek(wire.HeaderSize); err != nil {
		t.Fatal(err)
	}
	if _, err := taken.Next(patience); err == nil || errors.Is(err, wire.ErrMalformed) || !taken.TakenBack() {
		t.Errorf("%v, taken back: %t", err, taken.TakenBack())
	}
	taken.End()
	wantNext(t, next, wire.TypeResponse)
	next.End()
}

// The same, at the worst of moments: TakeBack has the call's packet in hand, the
// worker answers the next one, and the call's reader sees that before it is told.
// Not parallel: it looks where the goroutines are.
func TestAnswerWhileTheCallIsInHand(t *testing.T) {
	f := newFakeWorker(t)
	taken, next := begin(t, f.slot, "/taken"), begin(t, f.slot, "/next")
	f.slot.mu.Lock()
	f.read(t) // as TakeBack would
	f.read(t)
	f.send(t, next.number, wire.TypeResponse, wire.FlagEnd|wire.FlagFree)
	failed := make(chan error, 1)
	go func() {
		_, err := taken.Next(patience)
		failed <- err
	}()
	eventually(t, "the reader has seen the answer", func() bool {
		return isIn("(*Call).TakenBack") || len(failed) > 0
	})
	f.slot.strike(taken.number)
	f.slot.mu.Unlock()
	if err := <-failed; err == nil || errors.Is(err, wire.ErrMalformed) || !taken.TakenBack() {
		t.Errorf("%v, taken back: %t", err, taken.TakenBack())
	}
	taken.End()
	wantNext(t, next, wire.TypeResponse)
	next.End()
}

// A call that has ended without an answer may be taken back all the same; the
// next one's time to wait is its own.
func TestTakenBackAfterItsTime(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("nothing is taken back here")
	}
	f := newFakeWorker(t)
	late := begin(t, f.slot, "/late")
	if _, err := late.Next(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	if err := late.setDeadline(patience); err != nil {
		t.Fatal(err)
	}
	f.slot.TakeBack()
	late.End()
	next := begin(t, f.slot, "/next")
	f.send(t, next.number, wire.TypeResponse, wire.FlagEnd|wire.FlagFree)
	wantNext(t, next, wire.TypeResponse)
	next.End()
}
