package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitingApp waits in Python where /wait says so, until the test opens the file "go".
const waitingApp = `
import ctypes, os, time
def here():
    open("begun", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.001)
def holds():
    open("begun", "w").close()
    ctypes.PyDLL(None).sleep(600)
def app(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/wait":
        here()
    if environ["PATH_INFO"] == "/hold":
        holds()
    return [b"ok"]
`

// beginAndWait has a request begin that does not end by itself.
func (b *bench) beginAndWait(s *Slot, path string) *Call {
	b.t.Helper()
	c := begin(b.t, s, path)
	mark := filepath.Join(b.dir, "begun")
	eventually(b.t, "the application is there", func() bool { return os.Remove(mark) == nil })
	return c
}

func TestStackOfACall(t *testing.T) {
	t.Parallel()
	b := newBench(t, waitingApp, func(o *Options) { o.Threads = 2 })
	w := b.start()
	for _, s := range w.Slots() { // the main thread, and another
		c := b.beginAndWait(s, "/wait")
		stack, err := c.Stack(t.Context())
		if err != nil || !strings.Contains(stack, "in here") || strings.Contains(stack, "<highball>") {
			t.Errorf("%v, the stack is\n%s", err, stack)
		}
		threads, err := w.Stacks(t.Context())
		here := slices.ContainsFunc(threads, func(th Thread) bool { return strings.Contains(th.Stack, "in here") })
		if err != nil || len(threads) != 2 || !here || !slices.ContainsFunc(threads, func(th Thread) bool { return th.Name == "highball-slot-1" }) {
			t.Errorf("%v, the threads are %v", err, threads)
		}
		if !c.Interrupt(t.Context(), 1500*time.Millisecond, "id-x") {
			t.Error("not interrupted")
		}
		if got := answer(t, c); !strings.Contains(got, "highball.RequestTimeout: request id-x ran for longer than 1.5 s") {
			t.Errorf("answered %q", got)
		}
		if c.Interrupt(t.Context(), time.Second, "") {
			t.Error("a request that is over was interrupted")
		}
	}
}

// Where no Python code runs there is no answer, but there is a dump.
func TestLockHeld(t *testing.T) {
	t.Parallel()
	b := newBench(t, waitingApp)
	w := b.start()
	c := b.beginAndWait(w.Slots()[0], "/hold")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if stack, err := c.Stack(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%q, %v", stack, err)
	}
	if c.Interrupt(ctx, time.Second, "") {
		t.Error("interrupted")
	}
	c.Dump()
	c.Dump()
	if lines := strings.Join(b.logs.all(), "\n"); strings.Count(lines, " in holds stream=stderr") != 1 || !strings.Contains(lines, "ERROR ") {
		t.Errorf("the dump has not been read once:\n%s", lines)
	}
	c.Kill("the test says so")
	if _, err := c.Stack(t.Context()); !errors.Is(err, ErrDied) {
		t.Errorf("of the dead: %v", err)
	}
}

// A process that does not even take a signal is not waited for.
func TestDumpOfTheStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t, okApp)
	w := b.start()
	freeze(t, w.PID())
	began := time.Now()
	w.Dump()
	if took := time.Since(began); took < dumpTime || took > patience {
		t.Errorf("it took %s", took)
	}
	if err := syscall.Kill(w.PID(), syscall.SIGCONT); err != nil {
		t.Error(err)
	}
}

// An answer that nobody waits for any more goes to nobody.
func TestAnswersAreToldApart(t *testing.T) {
	t.Parallel()
	var q questions
	late, _ := q.add()
	q.drop(late)
	id, mine := q.add()
	q.answer(map[string]any{"id": late})
	q.answer(map[string]any{"id": id, "raised": true})
	q.answer(map[string]any{"id": id})
	q.answer(map[string]any{})
	if d := <-mine; d["raised"] != true || len(q.open) > 0 {
		t.Errorf("got %v, open are %v", d, q.open)
	}
}

// worker_abort has been called when GiveUp returns, and only once.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, waitingApp, func(o *Options) { o.Threads, o.Hooks = 2, "app_hooks" })
	hooks := "def worker_abort(worker): worker.log.warning('gives up %d', worker.pid)\n"
	if err := os.WriteFile(filepath.Join(b.dir, "app_hooks.py"), []byte(hooks), 0o644); err != nil {
		t.Fatal(err)
	}
	w := b.start()
	c := b.beginAndWait(w.Slots()[1], "/wait")
	for range 2 {
		if err := c.GiveUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	line := b.logs.await(t, "WARN gives up", fmt.Sprintf("pid=%d", w.PID()))
	if count := strings.Count(strings.Join(b.logs.all(), "\n"), "gives up"); count != 1 {
		t.Errorf("%d lines like %s", count, line)
	}
	w.Kill("the test is over")
	if err := c.GiveUp(t.Context()); !errors.Is(err, ErrDied) {
		t.Errorf("a worker that died says %v", err)
	}
}
