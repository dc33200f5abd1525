package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"highball/internal/wire"
)

// Stacks can be had again and again of a process that runs no Python code, by
// several who ask at once, and it lives on.
func TestDumpStacks(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import re
def app(environ, start_response):
    holds()
def holds(): # not in a system call, which the signal would interrupt
    open("begun", "w").close()
    re.match(r"(a+)+$", "a" * 60 + "b")
`)
	w := b.start()
	b.beginAndWait(w.Slots()[0], "/")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	eventually(t, "the lock is held", func() bool { return strings.Contains(w.DumpStacks(ctx), " in holds\n") })
	var askers sync.WaitGroup
	for range 3 {
		askers.Go(func() {
			if text := w.DumpStacks(ctx); strings.Count(text, " in holds\n") != 1 {
				t.Errorf("got:\n%s", text)
			}
		})
	}
	askers.Wait()
	select {
	case <-w.Exited():
		t.Error("the process has ended")
	default:
	}
}

// What is said of a death: how, and the last lines that were written to stderr.
func TestDeath(t *testing.T) {
	t.Parallel()
	b := newBench(t, "import sys\n"+okApp+"for n in range(100): print('line', n, file=sys.stderr, flush=True)\n")
	w := b.start()
	if err := syscall.Kill(w.PID(), syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	var crash *CrashError
	if err := w.Death(); !errors.As(err, &crash) || !strings.HasPrefix(crash.Message, "signal 11") {
		t.Fatalf("got %v", err)
	}
	if lines := strings.Split(crash.Output, "\n"); len(lines) != lastLines || lines[0] != "line 80" || lines[lastLines-1] != "line 99" {
		t.Errorf("last words:\n%s", crash.Output)
	}
	w = b.start()
	w.Kill("the test wants it")
	if err := w.Death(); err.Error() != "it was killed: the test wants it" {
		t.Errorf("got %v", err)
	}
}

// However much is written, little is kept.
func TestSaidIsBounded(t *testing.T) {
	t.Parallel()
	var s said
	long := strings.Repeat("x", maxLine)
	for range 2 * lastLines {
		if dumping, _ := s.add(long); dumping {
			t.Error("a line counts as dumped")
		}
	}
	if n := len(s.words()); n > lastLines*(lastLine+1) {
		t.Errorf("%d bytes are kept", n)
	}
	s.beginDump(true)
	for n := range 20 {
		if dumping, _ := s.add(fmt.Sprint(n, long)); !dumping {
			t.Error("a line does not count as dumped")
		}
	}
	if n := len(s.endDump()); n > maxDump || n < maxDump/2 {
		t.Errorf("a dump of %d bytes", n)
	}
}

// A message whose descriptors find no room comes without them; a lack of any other
// kind is a breach of the protocol.
func TestDescriptorsThatFindNoRoom(t *testing.T) {
	t.Parallel()
	for _, short := range []bool{true, false} {
		conn, theirs, err := socketpair()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		c := channel{conn: conn, short: short}
		defer c.close()
		payload := wire.AppendAny(make([]byte, wire.HeaderSize), map[string]any{"pid": 7})
		wire.Header{Length: uint32(len(payload) - wire.HeaderSize), Type: wire.TypeForked, FDs: 1}.Put(payload)
		if _, err := theirs.Write(payload); err != nil {
			t.Fatal(err)
		}
		m, err := c.receive()
		if short && (err != nil || len(m.files) != 0 || number(m.dict()["pid"]) != 7) || !short && !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("short: %t: got %v, %v", short, m, err)
		}
	}
}
