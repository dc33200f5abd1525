package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestLeastBusyProcessIsChosen(t *testing.T) {
	inBubble(t, 2, &nursery{slots: 3}, Options[string]{}, func(t *testing.T, p *testPool) {
		var of [256]int // leases, by process
		var leases []Lease[string]
		for i := range 6 {
			l := acquire(t, p)
			of[l.Slot[0]]++
			leases = append(leases, l)
			if diff := of['a'] - of['b']; diff < -1 || diff > 1 {
				t.Fatalf("after %d requests: a has %d, b has %d", i+1, of['a'], of['b'])
			}
		}
		wantLoad(t, p, Load{Processes: 2, Busy: 6})

		// All of b's are given back: the next ones are b's, not a's.
		for _, l := range leases {
			if l.Slot[0] == 'b' {
				l.Release()
			}
		}
		for range 3 {
			if l := acquire(t, p); l.Slot[0] != 'b' {
				t.Errorf("got %s, want the least busy process, b", l.Slot)
			}
		}
	})
}

func TestSlotThatWasIdleLastIsUsedFirst(t *testing.T) {
	inBubble(t, 1, &nursery{slots: 4}, Options[string]{}, func(t *testing.T, p *testPool) {
		first, second := acquire(t, p), acquire(t, p)
		first.Release()
		second.Release()
		if l := acquire(t, p); l.Slot != second.Slot {
			t.Errorf("got %s, want %s, whose caches are warm", l.Slot, second.Slot)
		}
	})
}

func TestQueueIsFirstComeFirstServed(t *testing.T) {
	inBubble(t, 1, &nursery{slots: 2}, Options[string]{QueueSize: 10}, func(t *testing.T, p *testPool) {
		held := []Lease[string]{acquire(t, p), acquire(t, p)}
		var waiting []<-chan result
		for range 5 {
			waiting = append(waiting, enqueue(t.Context(), p))
		}
		wantLoad(t, p, Load{Processes: 1, Busy: 2, Queued: 5})
		for i, w := range waiting {
			pass(time.Second)
			held[0].Release()
			r := got(t, w)
			if r.err != nil || r.lease.Slot != held[0].Slot {
				t.Fatalf("request %d: got %q, %v; want slot %q", i, r.lease.Slot, r.err, held[0].Slot)
			}
			if want := time.Duration(i+1) * time.Second; r.lease.Waited != want {
				t.Errorf("request %d waited %s, want %s", i, r.lease.Waited, want)
			}
			for _, later := range waiting[i+1:] {
				stillWaits(t, later)
			}
			held[0], held[1] = held[1], r.lease
		}
	})
}

func TestQueueFull(t *testing.T) {
	for _, size := range []int{-1, 0, 1, 3} {
		inBubble(t, 1, &nursery{}, Options[string]{QueueSize: size}, func(t *testing.T, p *testPool) {
			held := acquire(t, p)
			var waiting []<-chan result
			for range max(size, 0) {
				waiting = append(waiting, enqueue(t.Context(), p))
			}
			_, err := p.Acquire(t.Context(), Ask{})
			wantErr(t, err, ErrQueueFull)
			if !IsOverload(err) {
				t.Error("a full queue is no overload")
			}
			held.Release()
			for _, w := range waiting {
				got(t, w).lease.Release()
			}
			acquire(t, p)
		})
	}
}

func TestQueueTimeout(t *testing.T) {
	opts := Options[string]{QueueSize: 10, QueueTimeout: 3 * time.Second}
	inBubble(t, 1, &nursery{}, opts, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		first := enqueue(t.Context(), p)
		pass(2 * time.Second)
		second := enqueue(t.Context(), p)
		pass(time.Second - 1)
		stillWaits(t, first)
		pass(1)
		wantErr(t, got(t, first).err, ErrQueueTimeout)
		wantLoad(t, p, Load{Processes: 1, Busy: 1, Queued: 1})
		held.Release()
		if r := got(t, second); r.err != nil || r.lease.Waited != time.Second {
			t.Errorf("got %v after %s", r.err, r.lease.Waited)
		}
	})
}

func TestNoQueueTimeoutWaitsForEver(t *testing.T) {
	inBubble(t, 1, &nursery{}, Options[string]{QueueSize: 1}, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		w := enqueue(t.Context(), p)
		pass(1000 * time.Hour)
		stillWaits(t, w)
		held.Release()
		wantErr(t, got(t, w).err, nil)
	})
}

func TestClientLeavesWhileQueued(t *testing.T) {
	inBubble(t, 1, &nursery{}, Options[string]{QueueSize: 2}, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		ctx, leave := context.WithCancelCause(t.Context())
		first, second := enqueue(ctx, p), enqueue(t.Context(), p)
		gone := errors.New("the client left")
		leave(gone)
		wantErr(t, got(t, first).err, gone)
		wantLoad(t, p, Load{Processes: 1, Busy: 1, Queued: 1}) // its place is free as well
		third := enqueue(t.Context(), p)
		held.Release()
		got(t, second).lease.Release()
		wantErr(t, got(t, third).err, nil)
	})
}

// A slot is granted in the moment in which the client leaves: the request must
// not be served, and the slot must not be lost.
func TestGrantedAndLeftInTheSameMoment(t *testing.T) {
	for _, leftFirst := range []bool{true, false} {
		inBubble(t, 1, &nursery{}, Options[string]{QueueSize: 2}, func(t *testing.T, p *testPool) {
			held := acquire(t, p)
			ctx, leave := context.WithCancel(t.Context())
			first, second := enqueue(ctx, p), enqueue(t.Context(), p)
			p.dispatcher.mu.Lock() // both have happened when the request wakes
			if leftFirst {
				leave()
			}
			w := p.queue.first(true)
			p.queue.drop(w)
			w.granted <- held.grant
			leave()
			p.dispatcher.mu.Unlock()
			wantErr(t, got(t, first).err, context.Canceled)
			r := got(t, second)
			if r.err != nil || r.lease.Slot != held.Slot {
				t.Fatalf("got %q, %v; want the slot that the other request gave up", r.lease.Slot, r.err)
			}
		})
	}
}

// The same with the queue's time: a slot that is there is used.
func TestGrantedAndExpiredInTheSameMoment(t *testing.T) {
	for range 50 {
		opts := Options[string]{QueueSize: 2, QueueTimeout: time.Second}
		inBubble(t, 1, &nursery{}, opts, func(t *testing.T, p *testPool) {
			held := acquire(t, p)
			w := enqueue(t.Context(), p)
			time.AfterFunc(time.Second, held.Release)
			pass(time.Second)
			r := got(t, w)
			if r.err == nil {
				r.lease.Release()
			} else {
				wantErr(t, r.err, ErrQueueTimeout)
			}
			wantLoad(t, p, Load{Processes: 1, Idle: 1}) // lost in neither case
		})
	}
}

func TestContextThatHasEndedGetsNoPlaceInTheQueue(t *testing.T) {
	inBubble(t, 1, &nursery{}, Options[string]{QueueSize: 1}, func(t *testing.T, p *testPool) {
		acquire(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.Acquire(ctx, Ask{})
		wantErr(t, err, context.Canceled)
		wantLoad(t, p, Load{Processes: 1, Busy: 1})
	})
}

// A process may have ended before the pool has dealt with it.
func TestDeadProcessGetsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d dispatcher[string]
		d.queueSize = 10
		dead, alive := newFake("dead", 2), newFake("alive", 2)
		d.add(memberOf(dead))
		lease, err := d.Acquire(t.Context(), Ask{})
		wantErr(t, err, nil)
		d.add(memberOf(alive))
		dead.die()
		for range 2 {
			l, err := d.Acquire(t.Context(), Ask{})
			if err != nil || l.Slot[:5] != "alive" {
				t.Fatalf("got %q, %v", l.Slot, err)
			}
		}
		done := make(chan result, 1)
		go func() {
			l, err := d.Acquire(t.Context(), Ask{})
			done <- result{l, err}
		}()
		synctest.Wait()
		lease.Release() // the dead process's own
		stillWaits(t, done)
		other := newFake("other", 1)
		d.add(memberOf(other))
		if r := got(t, done); r.err != nil || r.lease.Slot != "other0" {
			t.Fatalf("got %q, %v", r.lease.Slot, r.err)
		}
	})
}

func TestQueuedRequestsGetTheReplacement(t *testing.T) {
	n := &nursery{slots: 2}
	inBubble(t, 1, n, Options[string]{QueueSize: 10}, func(t *testing.T, p *testPool) {
		held := []Lease[string]{acquire(t, p), acquire(t, p)}
		waiting := []<-chan result{enqueue(t.Context(), p), enqueue(t.Context(), p), enqueue(t.Context(), p)}
		n.process(0).die()
		for _, w := range waiting[:2] {
			if r := got(t, w); r.err != nil || r.lease.Slot[0] != 'b' {
				t.Errorf("got %q, %v; want a slot of the new process", r.lease.Slot, r.err)
			}
		}
		for _, l := range held {
			l.Release()
		}
		stillWaits(t, waiting[2])
	})
}

func TestNothingIsAllocatedForAFreeSlot(t *testing.T) {
	d := dispatcher[string]{}
	d.add(memberOf(newFake("a", 4)))
	d.add(memberOf(newFake("b", 4)))
	ctx := t.Context()
	got := testing.AllocsPerRun(1000, func() {
		l, err := d.Acquire(ctx, Ask{})
		if err != nil {
			t.Fatal(err)
		}
		l.Release()
	})
	if got != 0 {
		t.Errorf("Acquire and Release allocate %v times, want none", got)
	}
}

func BenchmarkAcquire(b *testing.B) {
	d := dispatcher[string]{}
	for _, name := range []string{"a", "b", "c", "d"} {
		d.add(memberOf(newFake(name, 4)))
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if l, err := d.Acquire(b.Context(), Ask{}); err == nil {
				l.Release()
			}
		}
	})
}
