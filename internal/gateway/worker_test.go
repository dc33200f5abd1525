package gateway

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"highball/internal/wire"
)

func dies(*fakeWorker) {}

func begins(w *fakeWorker) { w.call.begun.Store(true) }

// A request that its worker had not begun goes to another one.
func TestRetryOfWhatWasNotBegun(t *testing.T) {
	g := newRig(dies, dies, answer("200 OK", "third"))
	w, aborted := g.do(httptest.NewRequest("POST", "/", strings.NewReader("body")))
	if w.Code != 200 || w.Body.String() != "third" || aborted {
		t.Errorf("%d %q, aborted %v", w.Code, w.Body, aborted)
	}
	if string(mustBody(t, g)) != "body" {
		t.Error("the request's body was lost on the way to the third worker")
	}
	g.checkFreed(t)
}

func mustBody(t *testing.T, g *rig) []byte {
	t.Helper()
	var got []byte
	again := newRig(func(w *fakeWorker) { got = w.body(); w.respond(final, "200 OK", "") })
	again.do(httptest.NewRequest("POST", "/", strings.NewReader("body")))
	return got
}

func TestRetryWhenTheSocketIsClosed(t *testing.T) {
	g := newRig(dies, answer("200 OK", "second"))
	g.slots[0].refuse = errDied
	if w, _ := g.do(get("/")); w.Code != 200 || w.Body.String() != "second" || !g.asks[1].Again {
		t.Errorf("%d %q, asked with %+v", w.Code, w.Body, g.asks)
	}
	g.checkFreed(t)
}

// Workers that die one after the other end in 502, not in an endless loop.
func TestRetriesAreBounded(t *testing.T) {
	g := newRig(slices.Repeat([]func(*fakeWorker){dies}, maxDeaths+1)...)
	if w, aborted := g.do(get("/")); w.Code != 502 || aborted || g.next != maxDeaths {
		t.Errorf("%d after %d workers, aborted %v", w.Code, g.next, aborted)
	}
	g.checkFreed(t)
}

// One that had begun is not run a second time.
func TestNoRetryOfWhatHasBegun(t *testing.T) {
	g := newRig(begins, answer("200 OK", "again"))
	w, aborted := g.do(get("/"))
	if w.Code != 502 || aborted || g.next != 1 {
		t.Errorf("%d by %d workers, aborted %v", w.Code, g.next, aborted)
	}
	if !strings.Contains(g.log.String(), "the worker died while it served a request") {
		t.Errorf("the log says %s", g.log.String())
	}
	g.checkFreed(t)
}

func TestDeathWithinAResponse(t *testing.T) {
	g := newRig(func(w *fakeWorker) { w.respond(0, "200 OK", "half") })
	w, aborted := g.do(get("/"))
	if w.Body.String() != "half" || !aborted || g.done[0].Status != 200 || g.done[0].Failure == "" {
		t.Errorf("%q, aborted %v, %+v", w.Body, aborted, g.done[0])
	}
}

// After its last block the response is whole, even if the worker dies in close().
func TestDeathAfterAResponse(t *testing.T) {
	g := newRig(func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "whole") })
	if w, aborted := g.do(get("/")); w.Code != 200 || w.Body.String() != "whole" || aborted {
		t.Errorf("%d %q, aborted %v", w.Code, w.Body, aborted)
	}
	if !strings.Contains(g.log.String(), "did not finish a request") {
		t.Errorf("the log says %s", g.log.String())
	}
	g.checkFreed(t)
}

func TestOverload(t *testing.T) {
	g := newRig()
	w, aborted := g.do(get("/"))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || aborted || g.done[0].Failure != errBusy.Error() {
		t.Errorf("%d %v, aborted %v, %+v", w.Code, w.Header(), aborted, g.done[0])
	}
}

// A worker that breaks the protocol is killed; its client gets 502 or a cut,
// never what looks like a whole response.
func TestMalformedFrames(t *testing.T) {
	begin := func(w *fakeWorker) { w.respond(0, "200 OK", "half") }
	for name, c := range map[string]struct {
		worker  func(w *fakeWorker)
		code    int
		aborted bool
	}{
		"head that is no marshal":   {func(w *fakeWorker) { w.send(wire.TypeResponse, final, []byte("HTTP/1.1 200")) }, 502, false},
		"head that is cut":          {func(w *fakeWorker) { w.send(wire.TypeResponse, final, headOf(wire.AppendTuple(nil, 3), "200 OK")) }, 502, false},
		"type unknown":              {func(w *fakeWorker) { w.send(99, 0, nil) }, 502, false},
		"request from a worker":     {func(w *fakeWorker) { w.send(wire.TypeRequest, 0, nil) }, 502, false},
		"done without a response":   {func(w *fakeWorker) { w.done() }, 502, false},
		"end without a response":    {func(w *fakeWorker) { w.send(wire.TypeHints, wire.FlagEnd, wire.AppendList(nil, 0)) }, 502, false},
		"block without a response":  {func(w *fakeWorker) { w.block(0, "secret") }, 502, false},
		"last block without a head": {func(w *fakeWorker) { w.block(final, "secret") }, 502, false},
		"done within a response":    {func(w *fakeWorker) { begin(w); w.done() }, 200, true},
		"free within a response":    {func(w *fakeWorker) { w.respond(wire.FlagFree, "200 OK", "half") }, 200, true},
		"second head":               {func(w *fakeWorker) { begin(w); w.respond(final, "200 OK", "more") }, 200, true},
		"read of no stream":         {func(w *fakeWorker) { w.send(wire.TypeRead, 0, []byte{1, 0, 0, 0}) }, 502, false},
		"read of three bytes":       {func(w *fakeWorker) { w.send(wire.TypeRead, 0, []byte{1, 0, 0}) }, 502, false},
		"error that is no marshal":  {func(w *fakeWorker) { w.send(wire.TypeError, wire.FlagEnd, []byte("x")) }, 502, false},
		"hints that are no marshal": {func(w *fakeWorker) { w.send(wire.TypeHints, 0, []byte("x")) }, 502, false},
		"payload after the head":    {func(w *fakeWorker) { w.send(wire.TypeResponse, final, trailing()) }, 502, false},
	} {
		g := newRig(func(w *fakeWorker) { w.call.begun.Store(true); c.worker(w) })
		w, aborted := g.do(get("/"))
		if w.Code != c.code || aborted != c.aborted || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %q, aborted %v", name, w.Code, w.Body, aborted)
		}
		if killed, _ := g.slots[0].counts(); killed != 1 || g.slots[0].misuse() != "" {
			t.Errorf("%s: killed %d times, %s", name, killed, g.slots[0].misuse())
		}
		if !strings.Contains(g.log.String(), "worker broke the protocol") {
			t.Errorf("%s: the log says %s", name, g.log.String())
		}
	}
}

func trailing() []byte {
	b := headOf(wire.AppendTuple(nil, 3), "200 OK")
	return append(wire.AppendBytes(b, nil), "more"...)
}

// A refusal says when to come back, where that is known: in whole seconds, rounded up.
func TestRetryAfter(t *testing.T) {
	for after, want := range map[time.Duration]string{
		0: "1", -time.Hour: "1", 300 * time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", 30 * time.Second: "30",
	} {
		g := newRig()
		g.opts.Acquire = func(context.Context, Ask) (Lease, error) {
			return Lease{}, fmt.Errorf("refused: %w", &Unavailable{Cause: errBusy, After: after})
		}
		if w, _ := g.do(get("/")); w.Code != 503 || w.Header().Get("Retry-After") != want {
			t.Errorf("after %s: %d, Retry-After: %q, want %q", after, w.Code, w.Header().Get("Retry-After"), want)
		}
	}
}
