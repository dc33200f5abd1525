package gateway

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/wire"
)

// deafWriter is a client that never takes anything, until a deadline.
type deafWriter struct {
	plainRecorder
	late chan struct{}
}

func (w *deafWriter) Write([]byte) (int, error) { <-w.late; return 0, os.ErrDeadlineExceeded }

func (w *deafWriter) SetWriteDeadline(at time.Time) error {
	time.AfterFunc(time.Until(at), func() { close(w.late) })
	return nil
}

// Where there is no room for what a client sends before it reads, the client is cut
// at once, and the log says what is missing.
func TestNoRoomForASpill(t *testing.T) {
	store := newStore(t, 0)
	if err := os.Remove(store.Dir()); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		body := &source{total: 3 << 20}
		g := newRig(func(w *fakeWorker) {
			w.read(1000)
			w.respond(0, "200 OK", "stu")
			w.block(0, "ck") // for which there is no room
			if body := w.read(1000); body.flags != wire.FlagAbort {
				t.Errorf("got %v", body)
			}
			w.fail("disconnected", "")
			w.done()
		})
		g.opts.Bodies.Store = store
		g.opts.ResponseMemory = 0
		w := &deafWriter{late: make(chan struct{})}
		began := time.Now()
		if aborted := g.doOn(w, post(body.total, body)); !aborted {
			t.Error("the connection is not cut")
		}
		if took := time.Since(began); took > 2*spillAfter+quickClient {
			t.Errorf("it took %s", took)
		}
		log := g.log.String()
		if strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "could not be kept: cannot spool to a file in "+store.Dir()) || !strings.Contains(log, "--spool-dir") {
			t.Errorf("log:\n%s", log)
		}
		if failure := g.done[0].Failure; !strings.Contains(failure, "could not be kept") {
			t.Errorf("the access log says %q", failure)
		}
		g.checkFreed(t)
	})
	if e := New(Options{}).badBody(keepError{os.ErrPermission}); e.status != http.StatusInsufficientStorage {
		t.Errorf("status %d", e.status)
	}
}
