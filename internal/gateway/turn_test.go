package gateway

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/wire"
)

// workers is n times the same worker.
func workers(n int, worker func(*fakeWorker)) []func(*fakeWorker) {
	return slices.Repeat([]func(*fakeWorker){worker}, n)
}

// takenBack is a worker that has been sent a call and has not read it yet, when the
// call is taken back: who waits for its answer is woken by a deadline.
func takenBack(w *fakeWorker) {
	w.call.taken.Store(true)
	w.sendFrame(fakeFrame{err: os.ErrDeadlineExceeded})
}

// knows makes the route of such requests one that takes 50us.
func (g *rig) knows(method, path string) {
	g.routes.observe(g.routes.key(method, path), 50*us, false)
}

// The worker is asked to measure what is not known, and what it says is the cost
// of the requests that follow.
func TestRequestsAreMeasured(t *testing.T) {
	const n = sample + 1 + 2*measureEvery
	for name, send := range map[string]func(w *fakeWorker){
		"in one frame": func(w *fakeWorker) { w.respond(final, "200 OK", "ok") },
		"in blocks":    func(w *fakeWorker) { w.respond(0, "200 OK", "o"); w.block(final, "k") },
	} {
		measured := 0
		g := newRig(workers(n, func(w *fakeWorker) {
			if w.flags == wire.FlagMeasure {
				measured++
				w.took = 50 * us
			} else if w.flags != 0 {
				t.Errorf("%s: flags %d", name, w.flags)
			}
			send(w)
		})...)
		for range n {
			g.do(get("/articles/7?page=2"))
		}
		if want := sample + 1 + 2; measured != want {
			t.Errorf("%s: %d of %d were to be measured, want %d", name, measured, n, want)
		}
		for i, ask := range g.asks {
			if known := i > 0; known != (ask.Cost == 50*us) || ask.Again {
				t.Errorf("%s: request %d asked with %+v", name, i, ask)
			}
		}
	}
}

// A measure that the worker doubts makes an unknown route known, and else nothing.
func TestDoubtIsPassedOn(t *testing.T) {
	doubtful := func(took time.Duration) func(*fakeWorker) {
		return func(w *fakeWorker) { w.took = took; w.respond(final|wire.FlagDoubt, "200 OK", "") }
	}
	g := newRig(doubtful(60*us), doubtful(9000*us), doubtful(9000*us), answer("200 OK", ""))
	for range g.slots {
		g.do(get("/"))
	}
	for i, want := range []time.Duration{0, 60 * us, 60 * us, 60 * us} {
		if g.asks[i].Cost != want {
			t.Errorf("request %d asked with %+v", i, g.asks[i])
		}
	}
}

// A request of an unknown route, one whose body streams, or whose frame is not
// written in one piece, has no cost: it goes alone.
func TestWhatMayWaitBehindOthers(t *testing.T) {
	var frame int // its length
	g := newRig(func(w *fakeWorker) { frame = len(w.request); w.respond(final, "200 OK", "") })
	g.knows("POST", "/")
	g.ids.last.Store(10) // the ids are in the frames: all of them as long
	body := func(n int64) *http.Request { return post(n, &source{total: n}) }
	g.do(body(1000))
	fits := 1000 + int64(oneWrite-frame) // as many digits, so that nothing else is longer
	chunked := post(-1, &source{total: 10})
	streamed := httptest.NewRequest("POST", "/streams", strings.NewReader("small"))
	g.opts.Bodies.Stream = []string{"/streams"}
	g.opts.Bodies.Store, g.opts.Bodies.Spool = newStore(t, 0), 2*inMemory-1
	g.knows("POST", "/streams")
	expecting := body(10)
	expecting.Header.Set("Expect", "100-continue")
	for name, c := range map[string]struct {
		r    *http.Request
		want time.Duration
	}{
		"small":              {body(10), 50 * us},
		"just fits":          {body(fits), 50 * us},
		"one byte more":      {body(fits + 1), 0},
		"chunked, and small": {chunked, 50 * us},
		"waits for a 100":    {expecting, 50 * us},
		"in a file":          {body(inMemory + 1), 0},
		"streams":            {streamed, 0},
		"of another route":   {get("/"), 0},
		"large, and streams": {body(2 * inMemory), 0},
	} {
		g.next = 0
		g.slots = []*fakeSlot{newFakeSlot(g.slots[0].worker)}
		g.do(c.r)
		if ask := g.asks[len(g.asks)-1]; ask.Cost != c.want || ask.Again {
			t.Errorf("%s: a frame of %d bytes asked with %+v", name, frame, ask)
		}
		if name == "just fits" && frame != oneWrite {
			t.Errorf("the frame that is to fit has %d bytes", frame)
		}
	}
}

// What waited behind a slow request, and was taken back, asks again until it is
// served. It is nobody's fault: not a word in the log.
func TestTakenBackIsAskedAgain(t *testing.T) {
	for name, lost := range map[string]func(*fakeWorker){"in line": nil, "first in line": takenBack} {
		const times = 5 * maxDeaths
		var body []byte
		g := newRig(append(workers(times, lost), func(w *fakeWorker) {
			body = w.body()
			w.respond(final, "200 OK", "at last")
		})...)
		g.opts.RequestTimeout = time.Hour
		g.knows("POST", "/")
		w, aborted := g.do(httptest.NewRequest("POST", "/", strings.NewReader("body")))
		if w.Code != 200 || w.Body.String() != "at last" || aborted || string(body) != "body" {
			t.Errorf("%s: %d %q, aborted %v, the worker got %q", name, w.Code, w.Body, aborted, body)
		}
		if len(g.asks) != times+1 {
			t.Errorf("%s: asked %d times, want %d", name, len(g.asks), times+1)
		}
		for i, ask := range g.asks {
			if want := (Ask{Cost: 50 * us, Again: i > 0}); ask != want {
				t.Errorf("%s: asked with %+v, number %d, want %+v", name, ask, i, want)
			}
		}
		if g.log.String() != "" {
			t.Errorf("%s: the log says %s", name, g.log.String())
		}
		g.checkFreed(t)
	}
}

// Deaths are counted, what is taken back between them is not.
func TestTakenBackAmongDeaths(t *testing.T) {
	var all []func(*fakeWorker)
	for range maxDeaths - 1 {
		all = append(all, dies, nil, takenBack)
	}
	g := newRig(append(all, answer("200 OK", "ok"))...)
	if w, _ := g.do(get("/")); w.Code != 200 || !g.asks[1].Again {
		t.Errorf("%d, asked with %+v", w.Code, g.asks)
	}
	if n := strings.Count(g.log.String(), "level=WARN"); n != maxDeaths-1 {
		t.Errorf("%d warnings, want one for each death", n)
	}
	g.checkFreed(t)

	g = newRig(append(all, dies, answer("200 OK", "one too many"))...)
	if w, _ := g.do(get("/")); w.Code != 502 || g.next != len(g.slots)-1 {
		t.Errorf("after the last death: %d from worker %d of %d", w.Code, g.next, len(g.slots))
	}
	g.checkFreed(t)
}

// A request that finds no slot any more, after it was taken back, is answered.
func TestTakenBackAndRefused(t *testing.T) {
	g := newRig(nil)
	if w, aborted := g.do(get("/")); w.Code != 503 || aborted {
		t.Errorf("%d, aborted %v", w.Code, aborted)
	}
	g.checkFreed(t)
}

// Time in line is not the application's.
func TestTurnIsNotOnTheRequestsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(answer("200 OK", "ok"))
		g.opts.RequestTimeout = time.Second
		g.slots[0].call.inLine = time.Hour
		w, _ := g.do(get("/"))
		if d := g.done[0]; w.Code != 200 || d.ToHead >= time.Second || d.Took < time.Hour {
			t.Errorf("%d, %s to the head of %s", w.Code, d.ToHead, d.Took)
		}
	})
}
