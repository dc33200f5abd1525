package worker

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/internal/wire"
)

// lineApp answers each request with its path and remembers whom it has seen.
const lineApp = `
seen = []

def wait(gate):
    with open(gate, "rb", buffering=0) as f:
        f.read(1)

class Late:  # a body whose close() takes its time
    def __iter__(self):
        return iter([b"late"])
    def close(self):
        wait("gate")

def app(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [])
    if path == "/seen":
        return ["\n".join(seen).encode()]
    seen.append(path)
    if path == "/wait":
        wait("gate")
    if path == "/late":
        return Late()
    if path == "/file":
        f = open("file%d" % len(seen), "w+b")
        f.write(b"file %d" % len(seen))
        f.seek(0)
        return environ["wsgi.file_wrapper"](f)
    if path == "/echo":
        return [environ["wsgi.input"].read()]
    return [path.encode()]
`

// newLine starts a worker of lineApp. open lets one request through that waits
// at the gate, or one that will.
func newLine(t *testing.T, change ...func(*Options)) (w *Worker, open func()) {
	t.Helper()
	b := newBench(t, lineApp, change...)
	name := filepath.Join(b.dir, "gate")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	gate, err := os.OpenFile(name, os.O_RDWR, 0) // both, so that no open waits for another
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gate.Close() })
	open = func() {
		if _, err := gate.Write([]byte{1}); err != nil {
			t.Error(err)
		}
	}
	return b.start(), open
}

// seen are the paths that the application was called for, in their order.
func seen(t *testing.T, s *Slot) string {
	t.Helper()
	return strings.ReplaceAll(ask(t, s, "/seen"), "\n", " ")
}

// turn is what Turn says, which must not take long.
func turn(t *testing.T, c *Call) bool {
	t.Helper()
	said := make(chan bool, 1)
	go func() { said <- c.Turn() }()
	select {
	case ok := <-said:
		return ok
	case <-time.After(patience):
		t.Fatal("the call's turn does not come")
		return false
	}
}

func wantAnswer(t *testing.T, c *Call, want string) {
	t.Helper()
	if body := answer(t, c); body != want {
		t.Errorf("got %.80q, want %.80q", body, want)
	}
}

func TestCallsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		w, open := newLine(t, preload, func(o *Options) { o.Threads = 2 })
		for _, s := range w.Slots() {
			calls := []*Call{begin(t, s, "/wait"), begin(t, s, "/b"), begin(t, s, "/late"), begin(t, s, "/d")}
			open()
			open()
			eventually(t, "the worker has served them all", calls[3].Done)
			for i, want := range []string{"/wait", "/b", "late", "/d"} {
				if !turn(t, calls[i]) {
					t.Fatalf("call %d was taken back", i)
				}
				if body, err := read(calls[i]); err != nil || body != want {
					t.Errorf("call %d: %q, %v, want %q", i, body, err, want)
				}
				wantNoTurn(t, calls[i+1:])
				calls[i].End()
			}
		}
		if got := seen(t, w.Slots()[0]); got != "/wait /b /late /d /wait /b /late /d" {
			t.Errorf("seen: %s", got)
		}
	})
}

// wantNoTurn fails if the turn of one of these calls has come.
func wantNoTurn(t *testing.T, calls []*Call) {
	t.Helper()
	for _, c := range calls {
		if c.turn == nil || len(c.turn) > 0 {
			t.Errorf("call %d has its turn before the one before it has ended", c.number)
		}
	}
}

// The front's goroutines wait for their turns as they do when they serve.
func TestManyCallsWaitForTheirTurns(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	first := begin(t, s, "/wait")
	const rest = 11
	order := make(chan uint32, rest)
	bodies := make(chan string, rest)
	for range rest {
		c := begin(t, s, "/x")
		go func() {
			if !c.Turn() {
				bodies <- "taken back"
				return
			}
			defer c.End()
			order <- c.number
			body, err := read(c)
			if err != nil {
				body = err.Error()
			}
			bodies <- body
		}()
	}
	open()
	wantAnswer(t, first, "/wait")
	for i := range rest {
		if body := <-bodies; body != "/x" {
			t.Errorf("got %q", body)
		}
		if number := <-order; number != first.number+1+uint32(i) {
			t.Errorf("call %d is the one at place %d", number, i+1)
		}
	}
}

func TestDeathWithALine(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t)
	s := w.Slots()[0]
	calls := []*Call{begin(t, s, "/wait"), begin(t, s, "/b"), begin(t, s, "/c")}
	eventually(t, "the first has begun", calls[0].Begun)
	if err := syscall.Kill(w.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for i, c := range calls {
		if !turn(t, c) {
			t.Fatalf("call %d was taken back, and nobody has asked for that", i)
		}
		wantNoTurn(t, calls[i+1:])
		if _, err := c.Next(patience); !errors.Is(err, ErrDied) {
			t.Errorf("call %d: %v, want ErrDied", i, err)
		}
		if c.Begun() != (i == 0) || c.Done() || c.TakenBack() {
			t.Errorf("call %d: begun %t, done %t, taken back %t", i, c.Begun(), c.Done(), c.TakenBack())
		}
		c.End()
	}
	c, err := s.Begin(frameFor("/"), 0, nil)
	if err == nil { // its pipe is not closed yet, but nobody reads from it
		_, err = c.Next(patience)
	}
	if !errors.Is(err, ErrDied) {
		t.Errorf("a call after that: %v, want ErrDied", err)
	}
}

// Packets and streams take turns in the pipe. The worker reads a Body frame in
// pieces, which of a packet would lose what follows the first.
func TestBodiesStreamBetweenPackets(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	for _, size := range []int{1, 100, packet - wire.HeaderSize, 300_000} {
		first := begin(t, s, "/wait")
		second := begin(t, s, "/b")
		echo, err := s.Begin(wire.AppendNone(environFor("/echo")), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		open()
		wantAnswer(t, first, "/wait")
		wantAnswer(t, second, "/b")
		if !turn(t, echo) {
			t.Fatal("taken back")
		}
		body := strings.Repeat("body ", size)[:size]
		if got, err := converse(echo, []byte(body)); err != nil || got != body {
			t.Errorf("a body of %d bytes comes back with %d: %v", size, len(got), err)
		}
		echo.End()
		after := []*Call{begin(t, s, "/d"), begin(t, s, "/e")}
		wantAnswer(t, after[0], "/d")
		wantAnswer(t, after[1], "/e")
	}
}

func TestLargeFrameBehindPackets(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	body := strings.Repeat("large ", 10_000)
	for range 3 {
		calls := []*Call{begin(t, s, "/wait"), begin(t, s, "/b")}
		open()
		large, err := s.Begin(wire.AppendBytes(environFor("/echo"), []byte(body)), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, large, begin(t, s, "/d"))
		for i, want := range []string{"/wait", "/b", body, "/d"} {
			wantAnswer(t, calls[i], want)
		}
		wantAnswer(t, begin(t, s, "/e"), "/e")
	}
}

// A worker that stands still while it is sent more than a pipe holds would have
// half of a frame before it: it cannot be used any more.
func TestLargeFrameThatIsNotRead(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t)
	s := w.Slots()[0]
	freeze(t, w.PID())
	failed := make(chan error, 1)
	go func() {
		_, err := s.Begin(wire.AppendBytes(environFor("/echo"), make([]byte, 1<<20)), 0, nil)
		failed <- err
	}()
	// readGrace ends early, and again if that was before the write had set it.
	eventually(t, "Begin fails", func() bool {
		_ = s.requests.SetWriteDeadline(time.Unix(1, 0))
		return len(failed) > 0
	})
	if err := <-failed; !errors.Is(err, ErrDied) {
		t.Errorf("got %v, want ErrDied", err)
	}
	if !isClosed(w.Exited()) {
		t.Error("the worker lives, with half of a frame in its pipe")
	}
}

func TestAwaitDoneWithANextInLine(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	for range 50 {
		late, next := begin(t, s, "/late"), begin(t, s, "/b")
		if h, err := late.Next(patience); err != nil || h.Type != wire.TypeResponse {
			t.Fatalf("%v, %v", h, err)
		} else if _, err := late.Payload(h, nil); err != nil {
			t.Fatal(err)
		}
		if h, err := late.Next(patience); err != nil || h.Type != wire.TypeBlock || !h.Has(wire.FlagEnd) {
			t.Fatalf("%v, %v", h, err)
		}
		if late.Done() {
			t.Fatal("done, though its close() waits")
		}
		if err := late.AwaitDone(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("AwaitDone: %v, want that the time is over", err)
		}
		open()
		if err := late.AwaitDone(patience); err != nil {
			t.Fatalf("AwaitDone: %v", err)
		}
		if !late.Done() {
			t.Error("not done")
		}
		late.End()
		wantAnswer(t, next, "/b")
	}
}

func TestNumbersWrapAround(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	s.number = math.MaxUint32 - 2
	var calls []*Call
	for _, path := range []string{"/wait", "/b", "/late", "/d", "/wait", "/f"} {
		calls = append(calls, begin(t, s, path))
	}
	for i, want := range []uint32{math.MaxUint32 - 1, math.MaxUint32, 1, 2, 3, 4} {
		if calls[i].number != want {
			t.Errorf("call %d has number %d, want %d", i, calls[i].number, want)
		}
	}
	// The worker stands still in one call after the other.
	for _, at := range []int{0, 2, 4} {
		eventually(t, "it has begun", calls[at].Begun)
		for i, c := range calls {
			if c.Begun() != (i <= at) || c.Done() != (i < at) {
				t.Errorf("call %d, while %d runs: begun %t, done %t", i, at, c.Begun(), c.Done())
			}
		}
		open()
	}
	for i, want := range []string{"/wait", "/b", "late", "/d", "/wait", "/f"} {
		wantAnswer(t, calls[i], want)
	}
	eventually(t, "the last is done, which it may say after its answer", calls[5].Done)
	for i, c := range calls {
		if !c.Begun() || !c.Done() {
			t.Errorf("call %d: begun %t, done %t after all", i, c.Begun(), c.Done())
		}
	}
}

// Descriptors have a way of their own, and must not be another call's.
func TestFilesOfALine(t *testing.T) {
	t.Parallel()
	w, open := newLine(t)
	s := w.Slots()[0]
	calls := []*Call{begin(t, s, "/wait"), begin(t, s, "/file"), begin(t, s, "/c"), begin(t, s, "/file")}
	open()
	eventually(t, "the worker has served them all", calls[3].Done)
	wantAnswer(t, calls[0], "/wait")
	wantFile(t, calls[1], "file 2")
	wantAnswer(t, calls[2], "/c")
	wantFile(t, calls[3], "file 4")
}

func wantFile(t *testing.T, c *Call, want string) {
	t.Helper()
	if !turn(t, c) {
		t.Fatal("taken back")
	}
	defer c.End()
	h, err := c.Next(patience)
	if err != nil || h.Type != wire.TypeFile {
		t.Fatalf("%s, %v", h.Type, err)
	}
	if _, err := c.Payload(h, nil); err != nil {
		t.Fatal(err)
	}
	f, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make([]byte, 100)
	n, _ := f.ReadAt(got, 0)
	if string(got[:n]) != want {
		t.Errorf("got %q, want %q", got[:n], want)
	}
	if err := c.AwaitDone(patience); err != nil {
		t.Error(err)
	}
}
