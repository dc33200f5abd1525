package pool

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// takings is which slots were taken back from.
type takings struct {
	mu    sync.Mutex
	slots []string
}

func (ts *takings) takeBack(slot string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.slots = append(ts.slots, slot)
}

func (ts *takings) want(t *testing.T, slots ...string) {
	t.Helper()
	synctest.Wait()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if !slices.Equal(ts.slots, slots) {
		t.Fatalf("taken back from %v, want %v", ts.slots, slots)
	}
}

// withTakings runs body with a pool whose TakeBack is noted.
func withTakings(t *testing.T, size int, n *nursery, queueSize int, body func(t *testing.T, p *testPool, ts *takings)) {
	t.Helper()
	ts := &takings{}
	opts := Options[string]{QueueSize: queueSize, TakeBack: ts.takeBack}
	inBubble(t, size, n, opts, func(t *testing.T, p *testPool) { body(t, p, ts) })
}

// What waits behind a request that is not short after all is sent elsewhere: to
// another slot of the same process, say. The slot is idle when that one has ended.
func TestTakenBackFromAStuckRequest(t *testing.T) {
	withTakings(t, 1, &nursery{slots: 3}, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 3, 50*us)
		pass(patience - 1)
		ts.want(t)
		pass(1)
		ts.want(t, leases[0].Slot)
		wantLoad(t, p, Load{Processes: 1, Busy: 3, Idle: 2})
		for _, l := range leases[1:] {
			l.Release()
		}
		again := acquireFor(t, p, Ask{Cost: 50 * us, Again: true})
		if again.Slot == leases[0].Slot {
			t.Errorf("got %s again, which is stuck", again.Slot)
		}
		if l := acquireFor(t, p, Ask{Cost: 50 * us}); l.Slot != again.Slot {
			t.Errorf("got %s, want the slot that is shared now, %s", l.Slot, again.Slot)
		} else {
			l.Release()
		}
		again.Release()
		pass(10 * patience)
		ts.want(t, leases[0].Slot) // once
		wantLoad(t, p, Load{Processes: 1, Busy: 1, Idle: 2})
		leases[0].Release()
		wantLoad(t, p, Load{Processes: 1, Idle: 3})
		checkIdle(t, p)
		anew := pack(t, p, 2, 50*us) // shared as before
		pass(patience)
		ts.want(t, leases[0].Slot, anew[0].Slot)
	})
}

// A slot that goes on is left alone, however long it is busy: the time counts
// from the end of the request before.
func TestSlotThatGoesOnIsLeftAlone(t *testing.T) {
	withTakings(t, 1, &nursery{slots: 3}, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 3, 50*us)
		for range 20 {
			pass(patience - us)
			leases[0].Release()
			leases = append(leases[1:], pack(t, p, 1, 50*us)...)
			if leases[0].Slot != leases[2].Slot {
				t.Fatalf("got %s, want %s", leases[2].Slot, leases[0].Slot)
			}
		}
		pass(patience - 1)
		ts.want(t)
		pass(1)
		ts.want(t, leases[0].Slot)
	})
}

// One with nothing behind it may take as long as it likes; but nothing is put
// behind it any more.
func TestLoneRequestIsLeftAlone(t *testing.T) {
	withTakings(t, 1, &nursery{slots: 2}, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 2, 50*us)
		leases[1].Release()
		pass(10 * patience)
		ts.want(t)
		other := acquireFor(t, p, Ask{Cost: 50 * us})
		if other.Slot == leases[0].Slot {
			t.Errorf("got %s, which is stuck", other.Slot)
		}
		pass(patience / 2)
		behind := acquireFor(t, p, Ask{Cost: 50 * us})
		if behind.Slot != other.Slot {
			t.Errorf("got %s, want %s", behind.Slot, other.Slot)
		}
		pass(patience)
		ts.want(t, other.Slot)
	})
}

// Requests that go alone have nothing behind them, and all the time that they want.
func TestLongRequestIsLeftAlone(t *testing.T) {
	withTakings(t, 1, &nursery{slots: 2}, 10, func(t *testing.T, p *testPool, ts *takings) {
		acquire(t, p)
		acquireFor(t, p, Ask{Cost: Ahead + 1})
		waits(t, p, Ask{Cost: us})
		waits(t, p, Ask{})
		pass(10 * patience)
		ts.want(t)
	})
}

// Who was given the place in the moment of the taking back sends its request after
// it: it is taken back the next time.
func TestLateComerIsTakenBackAsWell(t *testing.T) {
	withTakings(t, 1, &nursery{slots: 2}, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 3, 50*us)
		stuck := leases[0].Slot
		pass(patience)
		ts.want(t, stuck)
		leases[1].Release()
		pass(patience)
		ts.want(t, stuck, stuck)
		leases[2].Release()
		pass(10 * patience)
		ts.want(t, stuck, stuck)
	})
}

// The queue need not wait until those behind the stuck request have asked again.
func TestQueueGetsAnotherSlotOfAStuckProcess(t *testing.T) {
	withTakings(t, 1, &nursery{slots: 2}, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 2, Ahead)
		waiting := waits(t, p, Ask{Cost: Ahead})
		pass(patience)
		r := got(t, waiting)
		if r.lease.Slot == leases[0].Slot || r.lease.Waited != patience {
			t.Errorf("got %s after %s", r.lease.Slot, r.lease.Waited)
		}
	})
}

// A process that ends, or is to end, is drained when the last request of it has
// ended, and what is stuck in it goes elsewhere.
func TestTakenBackFromALeavingProcess(t *testing.T) {
	n := &nursery{slots: 2}
	withTakings(t, 1, n, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 3, 50*us)
		n.process(0).die()
		wantLoad(t, p, Load{Processes: 1, Idle: 2}) // the replacement
		pass(patience)
		ts.want(t, leases[0].Slot)
		leases[1].Release()
		if l := acquireFor(t, p, Ask{Cost: 50 * us, Again: true}); l.Slot[0] != 'b' {
			t.Errorf("got %s, want a slot of the replacement", l.Slot)
		}
		leases[0].Release()
		synctest.Wait()
		if n.process(0).wasFreed() {
			t.Error("freed under a request")
		}
		leases[2].Release()
		synctest.Wait()
		if !n.process(0).wasFreed() {
			t.Error("not freed")
		}
	})
}

// During a shutdown they could only be refused elsewhere: they stay, and are served.
func TestStopDrainsSharedSlots(t *testing.T) {
	n := &nursery{slots: 2}
	withTakings(t, 1, n, 10, func(t *testing.T, p *testPool, ts *takings) {
		leases := pack(t, p, 3, 50*us)
		stopped := make(chan error, 1)
		go func() { stopped <- p.Stop(t.Context()) }()
		for i, l := range leases {
			pass(10 * patience)
			synctest.Wait()
			if len(stopped) > 0 || n.process(0).wasStopped() {
				t.Fatalf("stopped with %d requests on the slot", len(leases)-i)
			}
			l.Release()
		}
		wantErr(t, <-stopped, nil)
		ts.want(t)
		if f := n.process(0); f.wasKilled() || !f.wasFreed() {
			t.Errorf("killed %v, freed %v", f.wasKilled(), f.wasFreed())
		}
	})
}

// Who lost its slot goes to the front, past those who came before it.
func TestAgainGoesFirst(t *testing.T) {
	for name, ask := range map[string]Ask{"short": {Cost: Ahead}, "long": {}} {
		inBubble(t, 1, &nursery{}, sharing(10), func(t *testing.T, p *testPool) {
			held := acquire(t, p)
			again := ask
			again.Again = true
			first, second := waits(t, p, Ask{}), waits(t, p, Ask{})
			front := waits(t, p, again)
			held.Release()
			held = got(t, front).lease
			for _, w := range []<-chan result{first, second} {
				stillWaits(t, w)
			}
			held.Release()
			got(t, first).lease.Release()
			if got(t, second).err != nil {
				t.Errorf("%s: the last is refused", name)
			}
		})
	}
}

// It had a place: it is not refused one in the queue.
func TestAgainIsNotRefused(t *testing.T) {
	for _, size := range []int{-1, 0, 1} {
		inBubble(t, 1, &nursery{slots: 2}, sharing(size), func(t *testing.T, p *testPool) {
			held := []Lease[string]{acquire(t, p), acquire(t, p)}
			for range max(size, 0) {
				waits(t, p, Ask{})
			}
			_, err := p.Acquire(t.Context(), Ask{})
			wantErr(t, err, ErrQueueFull)
			again := []<-chan result{waits(t, p, Ask{Again: true}), waits(t, p, Ask{Cost: us, Again: true})}
			held[0].Release()
			held[1].Release()
			for _, w := range again {
				wantErr(t, got(t, w).err, nil)
			}
		})
	}
}

// It takes room that there is, whoever waits: there is none for them.
func TestAgainDoesNotWaitForOthers(t *testing.T) {
	inBubble(t, 1, &nursery{}, sharing(10), func(t *testing.T, p *testPool) {
		first := pack(t, p, 1, 50*us)
		waits(t, p, Ask{})
		passAll(t, p)
		later := waits(t, p, Ask{Cost: 50 * us})
		if l := acquireFor(t, p, Ask{Cost: 50 * us, Again: true}); l.Slot != first[0].Slot {
			t.Errorf("got %s", l.Slot)
		}
		stillWaits(t, later)
	})
}
