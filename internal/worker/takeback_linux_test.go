package worker

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"highball/internal/wire"
)

func TestLinuxShares(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t, func(o *Options) { o.Threads = 3 })
	if !w.Shares() {
		t.Error("this system takes no calls back")
	}
}

func TestTakeBackBehindARunningCall(t *testing.T) {
	t.Parallel()
	w, open := newLine(t, func(o *Options) { o.Threads = 2 })
	for _, s := range w.Slots() {
		first := begin(t, s, "/wait")
		eventually(t, "the first has begun", first.Begun)
		var later []*Call
		for range 12 {
			later = append(later, begin(t, s, "/taken"))
		}
		s.TakeBack()
		s.TakeBack() // there is nothing left
		for i, c := range later {
			if turn(t, c) {
				t.Errorf("call %d was not taken back", i+1)
			}
		}
		behind := begin(t, s, "/behind")
		open()
		wantAnswer(t, first, "/wait")
		wantAnswer(t, behind, "/behind")
		s.TakeBack() // nothing is in line
		wantAnswer(t, begin(t, s, "/after"), "/after")
		if first.TakenBack() || behind.TakenBack() {
			t.Error("calls that were answered are said to be taken back")
		}
	}
	if got := seen(t, w.Slots()[0]); got != "/wait /behind /after /wait /behind /after" {
		t.Errorf("seen: %s", got)
	}
}

// The worker stands still and has not even read the first in line.
// Not parallel: it looks where the goroutines are.
func TestTakeBackOfAll(t *testing.T) {
	w, _ := newLine(t)
	s := w.Slots()[0]
	for _, timeout := range []time.Duration{0, patience} {
		for _, waits := range []bool{true, false} {
			ask(t, s, "/before")
			freeze(t, w.PID())
			first := begin(t, s, "/a")
			later := []*Call{begin(t, s, "/b"), begin(t, s, "/c")}
			failed := make(chan error, 1)
			wait := func() { _, err := first.Next(timeout); failed <- err }
			if waits {
				go wait()
				eventually(t, "the first waits for its answer", func() bool { return isIn("(*Conn).Read") })
			}
			s.TakeBack()
			if !waits {
				go wait()
			}
			select {
			case err := <-failed:
				if err == nil || !first.TakenBack() {
					t.Errorf("the first in line: %v, taken back: %t", err, first.TakenBack())
				}
			case <-time.After(patience):
				t.Fatal("the first in line waits for an answer that will not come")
			}
			for _, c := range later {
				if turn(t, c) {
					t.Error("a later one was not taken back")
				}
			}
			behind := begin(t, s, "/behind") // while the one that was taken back is in line
			wantNoTurn(t, []*Call{behind})
			first.End()
			thaw(t, w.PID())
			wantAnswer(t, behind, "/behind")
			next := begin(t, s, "/next")
			if _, err := next.peek(timeout); err != nil { // no deadline is left behind
				t.Errorf("with timeout %s: %v", timeout, err)
			}
			wantAnswer(t, next, "/next")
		}
	}
	if got := seen(t, s); got != strings.TrimSpace(strings.Repeat("/before /behind /next ", 4)) {
		t.Errorf("seen: %s", got)
	}
}

func thaw(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// What lies in the pipe of a dead worker is taken back as well: nobody needs to
// ask whether it had begun.
func TestTakeBackFromTheDead(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t)
	s := w.Slots()[0]
	first := begin(t, s, "/wait")
	eventually(t, "the first has begun", first.Begun)
	later := begin(t, s, "/b")
	w.Kill("test")
	<-w.Exited()
	s.TakeBack()
	if turn(t, later) {
		t.Error("not taken back")
	}
	if _, err := first.Next(patience); err == nil || first.TakenBack() {
		t.Errorf("the first: %v, taken back: %t", err, first.TakenBack())
	}
	first.End()
}

// A large frame is not taken back, nor what was sent behind it: nothing must be
// torn out of a stream.
func TestTakeBackLeavesStreamsWhole(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	body := strings.Repeat("large ", 5_000)
	first := begin(t, s, "/wait")
	eventually(t, "the first has begun", first.Begun)
	large, err := s.Begin(wire.AppendBytes(environFor("/echo"), []byte(body)), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	small := begin(t, s, "/c")
	s.TakeBack()
	open()
	wantAnswer(t, first, "/wait")
	wantAnswer(t, large, body)
	wantAnswer(t, small, "/c")

	// They can be taken back again as soon as the line was empty.
	first = begin(t, s, "/wait")
	eventually(t, "the first has begun", first.Begun)
	small = begin(t, s, "/taken")
	s.TakeBack()
	if turn(t, small) {
		t.Error("not taken back")
	}
	open()
	wantAnswer(t, first, "/wait")
}

// outcomes are what became of calls, by their paths.
type outcomes struct {
	mu     sync.Mutex
	served []string
	begun  []string // and died with the worker
	taken  int
	died   int // with the worker, before they had begun
}

// Each call of many, from many goroutines, is answered or taken back, whatever
// moment TakeBack comes at. The application sees those that were answered, once.
func TestTakeBackAtAnyMoment(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t)
	s := w.Slots()[0]
	const callers, each = 12, 2000 // no more at a time than a pipe holds
	var all outcomes
	ended := all.callMany(t, s, callers, each)
	takeBackUntil(t, w, ended)
	if t.Failed() {
		return
	}
	t.Logf("%d served, %d taken back", len(all.served), all.taken)
	if len(all.served)+all.taken != callers*each || isClosed(w.Exited()) || len(all.served) < callers || all.taken < callers {
		t.Errorf("%d served and %d taken back of %d", len(all.served), all.taken, callers*each)
	}
	got := strings.Fields(seen(t, s))
	slices.Sort(got)
	slices.Sort(all.served)
	if !slices.Equal(got, all.served) {
		t.Errorf("the application has seen %d calls, %d were served", len(got), len(all.served))
	}
}

// A worker dies with calls in line. Each of them has been answered, was taken
// back or died, and only one that has begun has been seen by the application: the
// others may be sent to another worker.
func TestDeathAtAnyMoment(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import os
log = os.open("log%d" % os.getpid(), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def app(environ, start_response):
    os.write(log, environ["PATH_INFO"].encode() + b"\n")
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]
`)
	for range 10 {
		w := b.start()
		var all outcomes
		ended := all.callMany(t, w.Slots()[0], 12, math.MaxInt)
		go func() {
			for range rand.IntN(20_000) {
				runtime.Gosched()
			}
			w.Kill("test")
		}()
		takeBackUntil(t, w, ended)
		t.Logf("%d served, %d taken back, %d died before they had begun", len(all.served), all.taken, all.died)
		if len(all.begun) > 1 {
			t.Errorf("%q have begun and have no answer: a thread has one at a time", all.begun)
		}
		log, err := os.ReadFile(filepath.Join(b.dir, fmt.Sprint("log", w.PID())))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(string(log))
		if n := len(got) - 1; len(got) > len(all.served) && slices.Equal(got[n:], all.begun) {
			got = got[:n] // killed in the application; or just before it
		}
		slices.Sort(got)
		slices.Sort(all.served)
		if !slices.Equal(got, all.served) {
			t.Errorf("the application has seen %d calls, %d were served", len(got), len(all.served))
		}
	}
}

// takeBackUntil takes back, again and again, until all calls have ended.
func takeBackUntil(t *testing.T, w *Worker, ended <-chan struct{}) {
	t.Helper()
	late := time.After(3 * patience)
	for {
		w.Slots()[0].TakeBack()
		for range rand.IntN(200) { // now and then the worker gets to read something
			runtime.Gosched()
		}
		select {
		case <-ended:
			return
		case <-late:
			w.Kill("the test has failed")
			t.Fatal("calls are neither served nor taken back")
		default:
		}
	}
}

// callMany calls from several goroutines at a time, so many times each, or until
// the worker is dead. The channel is closed when all have ended.
func (o *outcomes) callMany(t *testing.T, s *Slot, callers, each int) <-chan struct{} {
	var calling sync.WaitGroup
	for i := range callers {
		calling.Go(func() {
			for n := 0; n < each && !isClosed(s.worker.exited); n++ {
				if err := o.call(s, fmt.Sprintf("/%d/%d", i, n)); err != nil {
					t.Error(err)
					s.worker.Kill("the test has failed")
					return
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { calling.Wait(); close(ended) }()
	return ended
}

// call has the path served, unless it is taken back or the worker dies.
func (o *outcomes) call(s *Slot, path string) error {
	c, err := s.Begin(frameFor(path), 0, nil)
	if errors.Is(err, ErrDied) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: Begin: %w", path, err)
	}
	body, taken := "", !c.Turn()
	if !taken {
		defer c.End()
		body, err = read(c)
		taken = err != nil && c.TakenBack()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case taken:
		o.taken++
		return nil
	case errors.Is(err, ErrDied) && c.Begun():
		o.begun = append(o.begun, path)
		return nil
	case errors.Is(err, ErrDied):
		o.died++
		return nil
	case err != nil || body != path:
		return fmt.Errorf("%s: answered with %q, %w", path, body, err)
	}
	o.served = append(o.served, path)
	return nil
}

// Where a pipe holds little, as for a user with very many of them, calls that
// wait in it would have the front wait.
func TestSmallPipesTakeNothingBack(t *testing.T) {
	t.Parallel()
	for pages, want := range map[int]bool{1: false, minPackets / 2: false, minPackets: true} {
		r, w, err := pipe(writeEnd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, pages*os.Getpagesize()); err != nil {
			t.Fatal(err)
		}
		taking := newTakeBack(r, w)
		if taking != nil != want {
			t.Errorf("a pipe of %d pages: %t, want %t", pages, taking != nil, want)
		}
		taking.close()
		closeFiles(r, w)
	}
}

// Not parallel: it counts the descriptors of the process, and uses one again.
func TestSlotClosesItsDescriptors(t *testing.T) {
	before := descriptors(t)
	s, theirs, err := newSlot(&Worker{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, s, "/")
	fd := s.unread.fd
	closeFiles(theirs...)
	s.close()
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	var other [2]int // that gets the number of the one for taking back
	if err := unix.Pipe2(other[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(other[1])
	if err := unix.Dup3(other[0], fd, unix.O_CLOEXEC); err != nil && other[0] != fd {
		t.Fatal(err)
	}
	if other[0] != fd {
		defer unix.Close(fd)
	}
	defer unix.Close(other[0])
	if _, err := unix.Write(other[1], []byte("not ours")); err != nil {
		t.Fatal(err)
	}
	s.TakeBack()
	s.close()
	if n, err := unix.Read(fd, make([]byte, 100)); n != len("not ours") {
		t.Errorf("a closed slot uses the descriptor of another: %d, %v", n, err)
	}
}
