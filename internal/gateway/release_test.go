package gateway

import (
	"context"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/wire"
)

// blocked serves a request for a client that takes nothing, and calls check when
// nothing moves any more. Then the client takes all.
func blocked(t *testing.T, r *http.Request, worker func(*fakeWorker), check func(t *testing.T, s *fakeSlot)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(worker)
		w := &slowWriter{open: make(chan struct{})}
		ended := make(chan struct{})
		go func() { defer close(ended); g.doOn(w, r) }()
		synctest.Wait()
		check(t, g.slots[0])
		close(w.open)
		<-ended
		if w.body.String() != "whole" {
			t.Errorf("the client got %q", w.body.String())
		}
		g.checkFreed(t)
	})
}

// Who has answered whole serves another request while the client takes the answer.
func TestSlotIsFreeBeforeTheClientTakesTheResponse(t *testing.T) {
	for name, worker := range map[string]func(*fakeWorker){
		"free with its end": answer("200 OK", "whole"),
		"done already": func(w *fakeWorker) {
			w.call.done.Store(true)
			w.respond(wire.FlagEnd, "200 OK", "whole")
		},
		"after hints": func(w *fakeWorker) {
			w.hints(Field{"Link", "</a.css>"})
			w.respond(final, "200 OK", "whole")
		},
	} {
		blocked(t, get("/"), worker, func(t *testing.T, s *fakeSlot) {
			if s.misuse() != "" {
				t.Errorf("%s: %s", name, s.misuse())
			}
		})
	}
}

// While the application runs the slot is held; when it has ended the slot is free,
// though the client has taken nothing of the response.
func TestSlotIsHeldUntilTheApplicationEnds(t *testing.T) {
	for name, worker := range map[string]func(*fakeWorker){
		"in close()": func(w *fakeWorker) {
			w.respond(wire.FlagEnd, "200 OK", "whole")
			works(w, time.Hour)
			w.done()
		},
		"in close() of a file": func(w *fakeWorker) {
			w.sendFile(fileOf(t, "whole"), 0, 5, "200 OK")
			works(w, time.Hour)
			w.done()
		},
		"in close(), after blocks": func(w *fakeWorker) {
			w.respond(0, "200 OK", "wh")
			w.block(0, "ol")
			w.block(wire.FlagEnd, "e")
			works(w, time.Hour)
			w.done()
		},
		"more to come": func(w *fakeWorker) {
			w.call.done.Store(true) // as an earlier request's word would not
			w.respond(0, "200 OK", "wh")
			works(w, time.Hour)
			w.block(0, "ole")
			w.block(final, "")
		},
	} {
		blocked(t, get("/"), worker, func(t *testing.T, s *fakeSlot) {
			<-time.After(time.Minute) // virtual
			if s.wasGivenBack() {
				t.Errorf("%s: given back while the application runs", name)
			}
			<-time.After(time.Hour)
			if s.misuse() != "" {
				t.Errorf("%s: held for a client that does not read: %s", name, s.misuse())
			}
		})
	}
}

// Most applications have ended when the last block has been sent on: nobody need wait
// for that any more.
func TestDoneIsSeenAfterTheLastBlock(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "wh")
		w.call.done.Store(true)
		w.block(wire.FlagEnd, "ole")
	})
	g.opts.OnDone = func(*http.Request, Done) { g.checkFreed(t) }
	g.do(get("/"))
}

// The slot may have another request: that one must not be told that its client left.
func TestLeavingAfterTheSlotWasGivenBack(t *testing.T) {
	for name, worker := range map[string]func(*fakeWorker){
		"at once":     answer("200 OK", "whole"),
		"after hints": func(w *fakeWorker) { w.hints(Field{"Link", "x"}); w.respond(final, "200 OK", "whole") },
	} {
		ctx, leave := context.WithCancel(context.Background())
		blocked(t, get("/").WithContext(ctx), worker, func(t *testing.T, s *fakeSlot) {
			leave()
			synctest.Wait()
			if _, leaves := s.counts(); leaves != 0 {
				t.Errorf("%s: the context's end was told", name)
			}
		})
		g := newRig(worker)
		if !g.doOn(&plainRecorder{limit: 1}, get("/")) {
			t.Errorf("%s: a response that was not taken is no reason to cut", name)
		}
		if _, leaves := g.slots[0].counts(); leaves != 0 {
			t.Errorf("%s: the failed write was told", name)
		}
		g.checkFreed(t)
	}
}

// flushFails is a client that is gone when the nth flush is made.
type flushFails struct {
	plainRecorder
	nth int
}

func (w *flushFails) FlushError() error {
	if w.nth--; w.nth < 0 {
		return errDied
	}
	return nil
}

// So it is when the wait for close() is somebody else's: the call may have ended.
func TestLeavingWhileTheApplicationEnds(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.read(10) // and leaves the rest: the connection is cut at the end
		w.respond(wire.FlagEnd, "200 OK", "ok")
		w.done()
	})
	if !g.doOn(&flushFails{nth: 1}, post(1<<20, &source{total: 1 << 20})) {
		t.Error("not cut")
	}
	if _, leaves := g.slots[0].counts(); leaves != 0 {
		t.Error("the worker was told that the client left")
	}
	g.checkFreed(t)
}

// A client may leave when its request has no slot yet, or none any more.
func TestLeavingWithoutASlot(t *testing.T) {
	for name, g := range map[string]*rig{"never asked": newRig(), "taken back": newRig(nil)} {
		r := post(1<<20, &source{total: 1 << 20})
		if name == "never asked" {
			r.Header.Set("Expect", "nonsense")
		}
		if !g.doOn(&flushFails{}, r) {
			t.Errorf("%s: not cut", name)
		}
		if g.next > 0 {
			if _, leaves := g.slots[0].counts(); leaves != 0 {
				t.Errorf("%s: a call that is not the worker's was told", name)
			}
		}
		g.checkFreed(t)
	}
}

// Whatever becomes of a request, its turn ends and its lease is released, once, in
// this order.
func TestSlotIsGivenBackOnce(t *testing.T) {
	head := func(w *fakeWorker) { w.respond(0, "200 OK", "half") }
	for name, c := range map[string]struct {
		worker func(w *fakeWorker)
		killed int
	}{
		"whole":              {answer("200 OK", "ok"), 0},
		"bad head, free":     {answer("200", "ok"), 0},
		"bad head, not free": {func(w *fakeWorker) { w.respond(wire.FlagEnd, "200", ""); w.done() }, 0},
		"bad head, more": {func(w *fakeWorker) {
			w.respond(0, "200", "a")
			w.block(wire.FlagEnd, "b")
			w.done()
		}, 0},
		"bad head, already done": {func(w *fakeWorker) { w.call.done.Store(true); w.respond(wire.FlagEnd, "200", "") }, 0},
		"malformed, free":        {func(w *fakeWorker) { w.send(wire.TypeResponse, final, []byte("x")) }, 1},
		"not whole, free":        {func(w *fakeWorker) { w.respond(wire.FlagFree, "200 OK", "half") }, 1},
		"done word, whole":       {func(w *fakeWorker) { w.call.done.Store(true); w.respond(wire.FlagEnd, "200 OK", "ok") }, 0},
		"done frame":             {func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); w.done() }, 0},
		"blocks":                 {func(w *fakeWorker) { head(w); w.block(final, "ok") }, 0},
		"blocks, done word":      {func(w *fakeWorker) { head(w); w.call.done.Store(true); w.block(wire.FlagEnd, "ok") }, 0},
		"blocks, done frame":     {func(w *fakeWorker) { head(w); w.block(wire.FlagEnd, "ok"); w.done() }, 0},
		"raised":                 {func(w *fakeWorker) { w.fail("application", "Traceback"); w.done() }, 0},
		"raised in the midst":    {func(w *fakeWorker) { head(w); w.fail("application", "Traceback"); w.done() }, 0},
		"raised, done word":      {func(w *fakeWorker) { w.call.done.Store(true); w.fail("application", "Traceback") }, 0},
		"died":                   {begins, 0},
		"died in the midst":      {head, 0},
		"died in close()":        {func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok") }, 0},
		"late":                   {func(w *fakeWorker) { begins(w); <-w.call.kill }, 0},
		"late in the midst":      {func(w *fakeWorker) { head(w); <-w.call.kill }, 0},
		"late in close()":        {func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); <-w.call.kill }, 0},
		"too long":               {func(w *fakeWorker) { begins(w); w.tooLong() }, 1},
		"too long after a bad head": {func(w *fakeWorker) {
			w.respond(0, "200", "a")
			w.tooLong()
		}, 1},
		"frame in close()": {func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); w.block(0, "late") }, 1},
		"broken pipe":      {func(w *fakeWorker) { begins(w); w.sendFrame(fakeFrame{err: os.ErrClosed}) }, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(c.worker)
			g.opts.RequestTimeout = time.Minute
			g.do(get("/"))
			if killed, _ := g.slots[0].counts(); killed != c.killed || g.slots[0].misuse() != "" {
				t.Errorf("%s: killed %d times, want %d; %s", name, killed, c.killed, g.slots[0].misuse())
			}
		})
	}
}
