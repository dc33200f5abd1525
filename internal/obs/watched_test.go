package obs

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// disk takes so many bytes more.
type disk struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("no space left on device")

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	d.Buffer.Write(p[:n])
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// A log that cannot be written is told of now and then, and goes on in a line of
// its own when it can.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		d := &disk{room: 8}
		w := Watch(d, "the access log", NewLogger(&told, "", 0))
		write := func(line string, want error) {
			t.Helper()
			if _, err := w.Write([]byte(line)); err != want {
				t.Errorf("%q: %v, want %v", line, err, want)
			}
		}
		write("one\n", nil)
		for range 3 { // of the first there is room for a part
			write("second\n", errFull)
		}
		<-time.After(tellEvery)
		write("second\n", errFull)
		write("second\n", errFull)
		d.room = 3
		write("third\n", errFull)
		d.room = 100
		write("fourth\n", nil)
		write("fifth\n", nil)
		if got, want := d.String(), "one\nseco\nth\nfourth\nfifth\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if text := told.String(); strings.Count(text, "cannot be written") != 2 || strings.Count(text, "no space left") != 2 ||
			strings.Count(text, "the access log is written again lines_lost=6") != 1 {
			t.Errorf("told:\n%s", text)
		}
		d.room = 2
		write("sixth\n", errFull)
		if n := strings.Count(told.String(), "cannot be written"); n != 3 {
			t.Errorf("told %d times", n)
		}
		w.Renewed()
		d.Reset()
		d.room = 100
		if write("seventh\n", nil); d.String() != "seventh\n" {
			t.Errorf("the new file begins with %q", d.String())
		}
	})
}
