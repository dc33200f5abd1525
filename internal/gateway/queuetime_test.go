package gateway

import (
	"testing"
	"time"
)

// The application learns how long the request has waited, all its waits together.
func TestQueueTimeInEnviron(t *testing.T) {
	var got map[string]string
	g := newRig(dies, func(w *fakeWorker) { got = w.environ(); w.respond(final, "200 OK", "") })
	g.waits = 125 * time.Millisecond
	w, _ := g.do(get("/"))
	if got["highball.queue_time"] != "0.25" || g.done[0].Waited != 250*time.Millisecond {
		t.Errorf("environ says %q, the record %v", got["highball.queue_time"], g.done[0].Waited)
	}
	if values := w.Header()[queueTimeField]; values != nil {
		t.Errorf("the client is told %q without having been asked for", values)
	}
}

// With the field asked for the client learns it as well; what a client sends under
// this name is dropped. Without, it is a field like any other.
func TestQueueTimeField(t *testing.T) {
	for _, on := range []bool{true, false} {
		var got map[string]string
		g := newRig(func(w *fakeWorker) { got = w.environ(); w.respond(final, "200 OK", "") })
		g.waits, g.opts.QueueTimeField = 1500*time.Microsecond, on
		r := get("/")
		r.Header.Set("X-Queue-Time", "forged")
		w, _ := g.do(r)
		said, seen := w.Header().Get(queueTimeField), got["HTTP_X_QUEUE_TIME"]
		if on && (said != "0.001500" || seen != "") || !on && (said != "" || seen != "forged") {
			t.Errorf("on: %v, the client reads %q, environ has %q", on, said, seen)
		}
	}
}

// A refusal says how long the request has waited in vain.
func TestQueueTimeOfARefusal(t *testing.T) {
	g := newRig()
	g.opts.QueueTimeField = true
	w, _ := g.do(get("/"))
	if w.Code != 503 || w.Header().Get(queueTimeField) == "" || g.done[0].Waited <= 0 {
		t.Errorf("%d, %q, the record says %v", w.Code, w.Header(), g.done[0].Waited)
	}
}
