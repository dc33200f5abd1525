package worker

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"highball/internal/wire"
)

// bodyFile is a file of the test's with this text.
func bodyFile(t *testing.T, text string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f
}

func beginFile(t *testing.T, s *Slot, path, text string) *Call {
	t.Helper()
	c, err := s.Begin(wire.AppendInt(environFor(path), int64(len(text))), 0, bodyFile(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A body in a file is the request's, and of no other: not of those before and after
// it in the same slot, whether the application looks at it or not.
func TestBodiesInFiles(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t)
	s := w.Slots()[0]
	open := openFiles(t, w.PID())
	for i, text := range []string{"first", strings.Repeat("second", 50_000), "third"} {
		wantAnswer(t, beginFile(t, s, "/echo", text), text)
		wantAnswer(t, beginFile(t, s, "/left", "not looked at"), "/left")
		wantAnswer(t, begin(t, s, "/none"), "/none")
		wantFile(t, beginFile(t, s, "/file", "the lane is used in both directions"), fmt.Sprintf("file %d", 4*(i+1)))
	}
	eventually(t, "the files are closed", func() bool { return openFiles(t, w.PID()) <= open })
}

func openFiles(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Skipf("the open files of a process cannot be seen here: %v", err)
	}
	return len(entries)
}

// A request whose body is in a file is never taken back: its descriptor would stay.
func TestBodyInAFileIsNotTakenBack(t *testing.T) {
	t.Parallel()
	w, _ := newLine(t)
	s := w.Slots()[0]
	freeze(t, w.PID())
	c := beginFile(t, s, "/echo", "text")
	s.TakeBack()
	if err := syscall.Kill(w.PID(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, c, "text")
	wantAnswer(t, beginFile(t, s, "/echo", "again"), "again")
}
