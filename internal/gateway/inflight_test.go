package gateway

import (
	"context"
	"io"
	"testing"
	"time"
)

// Requests can be seen from their coming to their end, in whatever order they end.
func TestRegister(t *testing.T) {
	var g Gateway
	flights := make([]*flight, 5)
	for i := range flights {
		flights[i] = &flight{id: string(rune('a' + i)), r: get("/")}
		g.register.add(flights[i])
	}
	for removed, i := range []int{2, 0, 4, 3, 1} { // from the middle, the oldest, the newest, the rest
		if n := len(g.InFlight()); n != len(flights)-removed {
			t.Fatalf("%d are in flight, want %d", n, len(flights)-removed)
		}
		g.register.remove(flights[i])
		for _, f := range g.InFlight() {
			if f.ID == flights[i].id {
				t.Fatalf("%s is still there", f.ID)
			}
		}
	}
	if len(g.InFlight()) != 0 || g.Served() != 5 {
		t.Errorf("%d in flight, %d served; want 0 and 5", len(g.InFlight()), g.Served())
	}
}

// A request is queued until it has a slot, runs until its response begins, and is
// gone at its end.
func TestFlightStates(t *testing.T) {
	seen := make(chan int32, 2)
	var g *rig
	look := func() {
		for _, f := range g.InFlight() {
			if f.Slot == nil || f.Method != "GET" || f.Path != "/x?y" {
				t.Errorf("a request in a slot is seen as %+v, slot %v", f.Path, f.Slot)
			}
			seen <- f.State
		}
	}
	g = newRig(func(w *fakeWorker) {
		w.hints() // which is taken once the slot is the request's
		look()
		w.respond(0, "200 OK", "one", plain("text/plain")...)
		w.block(0, "two")
		look()
		w.block(1, "")
		w.done()
	})
	g.do(get("/x?y"))
	if first, second := <-seen, <-seen; first != Running || second != Sending {
		t.Errorf("states %d and %d, want %d and %d", first, second, Running, Sending)
	}
	if n := len(g.InFlight()); n != 0 {
		t.Errorf("%d are in flight at the end", n)
	}
}

// A request whose body is on its way waits for its client, and not in the queue.
func TestFlightReceives(t *testing.T) {
	const pause = 10 * time.Millisecond
	for name, length := range map[string]int64{"in memory": 5, "of unknown length": -1, "in a file": inMemory + 1} {
		g := newRig(answer("200 OK", "ok"))
		g.opts.Bodies.Store = newStore(t, 0)
		g.opts.Bodies.Spool = 1 << 20
		var states []int32
		look := func() Flight {
			f := g.InFlight()[0]
			states = append(states, f.State)
			return f
		}
		g.opts.WhileQueued = func(ctx context.Context) context.Context {
			if f := look(); f.Queued > time.Since(f.Began)-pause {
				t.Errorf("%s: queued for %s, and the body took %s of %s", name, f.Queued, pause, time.Since(f.Began))
			}
			return ctx
		}
		body := readerFunc(func(p []byte) (int, error) {
			if f := look(); f.Queued != 0 {
				t.Errorf("%s: queued for %s before the body was there", name, f.Queued)
			}
			<-time.After(pause)
			return len(p), nil
		})
		r := post(length, io.NopCloser(io.LimitReader(body, max(length, 5))))
		if w, _ := g.do(r); w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
		if last := len(states) - 1; last < 1 || states[0] != Receiving || states[last] != Queued {
			t.Errorf("%s: states %v", name, states)
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
