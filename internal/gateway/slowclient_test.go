package gateway

import (
	"os"
	"strings"
	"testing"

	"highball/internal/wire"
)

// stoppedRecorder is a client that takes the head and then nothing, until its time is up.
type stoppedRecorder struct{ plainRecorder }

func (*stoppedRecorder) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// Whoever reads the access log can tell a client that was cut from one that has left,
// and both from a response that was taken.
func TestClientThatTakesNothingIsNamed(t *testing.T) {
	for name, worker := range map[string]func(w *fakeWorker){
		"in one frame": answer("200 OK", "whole"),
		"in blocks":    func(w *fakeWorker) { w.respond(0, "200 OK", "a"); w.block(final, "b") },
		"a file":       func(w *fakeWorker) { w.sendFile(fileOf(t, "whole"), 0, 5, "200 OK"); w.done() },
		"running": func(w *fakeWorker) {
			w.respond(0, "200 OK", strings.Repeat("a", 100))
			<-w.call.left
			w.fail("disconnected", "")
			w.done()
		},
		"in close()": func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "whole"); w.done() },
	} {
		g := newRig(worker)
		if !g.doOn(&stoppedRecorder{}, get("/")) {
			t.Errorf("%s: not cut", name)
		}
		if got := g.done[0].Failure; got != errSlowClient.Error() {
			t.Errorf("%s: the access log has %q", name, got)
		}
		g = newRig(worker)
		g.doOn(&plainRecorder{limit: 1, status: 200, body: *filled()}, get("/"))
		if got := g.done[0].Failure; got != errClientLeft.Error() {
			t.Errorf("%s: of one that has left the access log has %q", name, got)
		}
	}
}

func filled() *strings.Builder { b := new(strings.Builder); b.WriteString("xx"); return b }
