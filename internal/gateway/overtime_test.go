package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/wire"
)

// works has the application busy for d, in virtual time, or until its process is killed.
func works(w *fakeWorker, d time.Duration) {
	w.call.begun.Store(true)
	select {
	case <-time.After(d):
	case <-w.call.kill:
	}
}

// yields waits for the interruption, and then a while, as one who cleans up.
func yields(w *fakeWorker, after time.Duration) {
	w.call.begun.Store(true)
	<-w.call.interrupted
	<-time.After(after)
}

// overtimes are applications, and what becomes of them with a limit of 30 seconds.
var overtimes = map[string]struct {
	worker    func(w *fakeWorker)
	code      int
	body      string
	aborted   bool
	condemned bool
	log       []string
}{
	"just in time": {
		worker: func(w *fakeWorker) { works(w, 29*time.Second); answer("200 OK", "ok")(w) },
		code:   200, body: "ok",
	},
	"slow in all": {
		worker: func(w *fakeWorker) {
			w.respond(0, "200 OK", "0")
			for range 9 {
				works(w, 29*time.Second)
				w.block(0, "x")
			}
			w.block(final, "")
		},
		code: 200, body: "0xxxxxxxxx",
	},
	"yields": {
		worker: func(w *fakeWorker) { yields(w, 0); w.fail("application", "RequestTimeout"); w.done() },
		code:   504, body: "504 Gateway Timeout",
		log: []string{`level=ERROR msg="request timed out"`, `line="GET / HTTP/1.1"`, "age=30s", "in slow_view", "the request that timed out has ended"},
	},
	"answers all the same": {
		worker: func(w *fakeWorker) { yields(w, 4*time.Second); answer("200 OK", "late")(w) },
		code:   504, body: "504 Gateway Timeout",
		log: []string{"request timed out", "the request that timed out has ended"},
	},
	"asks for a body, after all": {
		worker: func(w *fakeWorker) {
			yields(w, 0)
			if body := w.read(100); body.flags != wire.FlagAbort {
				panic("it got a body")
			}
			w.fail("disconnected", "")
			w.done()
		},
		code: 504, body: "504 Gateway Timeout",
	},
	"yields in the midst": {
		worker: func(w *fakeWorker) { w.respond(0, "200 OK", "half"); yields(w, 0); w.fail("application", ""); w.done() },
		code:   200, body: "half", aborted: true,
		log: []string{"request timed out", "in slow_view"},
	},
	"dies of it": {
		worker: func(w *fakeWorker) { yields(w, 0) },
		code:   504, body: "504 Gateway Timeout",
		log: []string{"the worker did not finish a request that its client no longer waits for"},
	},
	"does not yield": {
		worker: func(w *fakeWorker) { works(w, time.Hour) },
		code:   504, body: "504 Gateway Timeout", condemned: true,
		log: []string{"does not end: its worker is killed when its other requests have ended", "interrupted=true"},
	},
	"goes on and on": {
		worker: func(w *fakeWorker) {
			w.respond(0, "200 OK", "half")
			yields(w, 0)
			for range 100 {
				works(w, time.Second)
				w.block(0, "x")
			}
		},
		code: 200, body: "half", aborted: true, condemned: true,
	},
	"in close": {
		worker: func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); yields(w, 0); w.done() },
		code:   200, body: "ok",
		log: []string{"the application did not end after its response", "in slow_view"},
	},
	"in close, for good": {
		worker: func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); works(w, time.Hour) },
		code:   200, body: "ok", condemned: true,
	},
}

// Only the application's own time runs against the timeout, anew for each frame. One
// that lets it pass is interrupted, and only if it does not yield its worker goes.
func TestOvertime(t *testing.T) {
	for name, c := range overtimes {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(c.worker)
			g.opts.RequestTimeout = 30 * time.Second
			w, aborted := g.do(get("/"))
			if w.Code != c.code || !strings.HasPrefix(w.Body.String(), c.body) || aborted != c.aborted {
				t.Errorf("%s: %d %q, aborted %v", name, w.Code, w.Body, aborted)
			}
			s := g.slots[0]
			killed, leaves := s.counts()
			if killed > 0 || len(s.condemned) > 0 != c.condemned || s.misuse() != "" {
				t.Errorf("%s: killed %d times, condemned for %q, %s", name, killed, s.condemned, s.misuse())
			}
			if s.call.givenUp != len(s.condemned) {
				t.Errorf("%s: the worker was told %d times", name, s.call.givenUp)
			}
			if late := strings.Contains(g.log.String(), "stack="); late != (leaves == 1) {
				t.Errorf("%s: told %d times that nobody wants the rest", name, leaves)
			}
			for _, part := range c.log {
				if !strings.Contains(g.log.String(), part) {
					t.Errorf("%s: no %q in the log:\n%s", name, part, g.log.String())
				}
			}
		})
	}
}

// The client does not wait for the application to yield.
func TestAnswerBeforeTheApplicationYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(func(w *fakeWorker) { yields(w, 4*time.Second); answer("200 OK", "late")(w) })
		g.opts.RequestTimeout = 30 * time.Second
		began := time.Now()
		g.do(get("/")) // waits for what is late, too
		if answered := g.done[0].Took; answered != 30*time.Second || time.Since(began) != 34*time.Second {
			t.Errorf("answered after %s, ended after %s", answered, time.Since(began))
		}
	})
}

// The hook of a worker that is given up has its time before the worker goes, and no more.
func TestHookOfAWorkerThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(func(w *fakeWorker) { works(w, time.Hour) })
		g.opts.RequestTimeout = 30 * time.Second
		s := g.slots[0]
		s.call.hookHangs = true
		began := time.Now()
		g.do(get("/"))
		if took := time.Since(began); took != 40*time.Second || s.call.givenUp != 1 || len(s.condemned) != 1 {
			t.Errorf("after %s: told %d times, condemned for %q", took, s.call.givenUp, s.condemned)
		}
		if !strings.Contains(g.log.String(), "worker_abort has not ended in time") {
			t.Errorf("the log says %s", g.log.String())
		}
	})
}

// A worker that does not answer is dumped and killed, without any grace.
func TestStuckWorker(t *testing.T) {
	for name, begun := range map[string]bool{"begun": true, "not begun": false} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(func(w *fakeWorker) { w.call.begun.Store(begun); <-w.call.kill }, answer("200 OK", "another"))
			g.opts.RequestTimeout = 30 * time.Second
			g.slots[0].call.stuck = true
			began := time.Now()
			w, _ := g.do(get("/"))
			code, served := 504, 1
			if !begun {
				code, served = 200, 2
			}
			if w.Code != code || g.next != served {
				t.Errorf("%s: %d, after %d workers", name, w.Code, g.next)
			}
			s := g.slots[0]
			if killed, _ := s.counts(); killed != 1 || s.call.dumped != 1 || len(s.condemned) > 0 || s.misuse() != "" {
				t.Errorf("%s: killed %d times, dumped %d times, condemned for %q, %s", name, killed, s.call.dumped, s.condemned, s.misuse())
			}
			if took := time.Since(began); took != 31*time.Second {
				t.Errorf("%s: it took %s", name, took)
			}
			if !strings.Contains(g.log.String(), "the interpreter's lock is held") {
				t.Errorf("%s: the log says %s", name, g.log.String())
			}
		})
	}
}

// Of two requests in a stuck worker the one that timed out first has had it killed
// while the other's stack was asked for: that one had not begun, and is served elsewhere.
func TestWorkerKilledWhileItsStackIsAskedFor(t *testing.T) {
	for name, begun := range map[string]bool{"begun": true, "not begun": false} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(func(w *fakeWorker) { w.call.begun.Store(begun); <-w.call.kill }, answer("200 OK", "another"))
			g.opts.RequestTimeout = 30 * time.Second
			g.slots[0].call.killedMeanwhile = true
			code := 504
			if !begun {
				code = 200
			}
			if w, _ := g.do(get("/")); w.Code != code {
				t.Errorf("%s: %d, want %d", name, w.Code, code)
			}
			s := g.slots[0]
			if killed, _ := s.counts(); killed != 0 || len(s.condemned) > 0 || s.misuse() != "" {
				t.Errorf("%s: killed %d times, condemned for %q, %s", name, killed, s.condemned, s.misuse())
			}
		})
	}
}

// A worker that stops within a frame cannot be read any more.
func TestStuckWithinAFrame(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.call.begun.Store(true)
		w.call.frames <- fakeFrame{header: wire.Header{Type: wire.TypeRead}, payload: nil}
		<-w.call.kill
	})
	g.slots[0].call.torn = true
	w, _ := g.do(get("/"))
	if killed, _ := g.slots[0].counts(); w.Code != 504 || killed != 1 || g.slots[0].misuse() != "" {
		t.Errorf("%d, killed %d times, %s", w.Code, killed, g.slots[0].misuse())
	}
}
