package pool

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

const us = time.Microsecond

// sharing are options of a pool whose slots are shared.
func sharing(queueSize int) Options[string] {
	return Options[string]{QueueSize: queueSize, TakeBack: func(string) {}}
}

// pack gives n requests of this cost a place, which must be the same slot for all.
func pack(t *testing.T, p *testPool, n int, cost time.Duration) []Lease[string] {
	t.Helper()
	var leases []Lease[string]
	for i := range n {
		l := acquireFor(t, p, Ask{Cost: cost})
		if leases = append(leases, l); l.Slot != leases[0].Slot {
			t.Fatalf("request %d of %d got %s, want the slot of those before, %s", i+1, n, l.Slot, leases[0].Slot)
		}
	}
	return leases
}

func waits(t *testing.T, p *testPool, ask Ask) <-chan result {
	t.Helper()
	w := enqueueFor(t.Context(), p, ask)
	stillWaits(t, w)
	return w
}

// Short requests keep one slot at work, then one of the next process, and then
// wait, since more threads of the same processes would not be faster.
func TestShortRequestsPack(t *testing.T) {
	for _, c := range []struct {
		cost time.Duration
		fit  int // how many until 200us are ahead
	}{
		{Ahead, 2}, {150 * us, 2}, {100 * us, 3}, {50 * us, 5}, {20 * us, 11}, {10 * us, maxRequests}, {1, maxRequests},
	} {
		t.Run(fmt.Sprint(c.cost), func(t *testing.T) {
			inBubble(t, 2, &nursery{slots: 3}, sharing(10), func(t *testing.T, p *testPool) {
				first := pack(t, p, c.fit, c.cost)
				second := pack(t, p, c.fit, c.cost)
				if first[0].Slot[0] == second[0].Slot[0] {
					t.Errorf("got %s and %s, want slots of two processes", first[0].Slot, second[0].Slot)
				}
				waiting := []<-chan result{waits(t, p, Ask{Cost: c.cost}), waits(t, p, Ask{Cost: c.cost})}
				wantLoad(t, p, Load{Processes: 2, Busy: 2 * c.fit, Idle: 4, Queued: 2})
				second[0].Release()
				if l := got(t, waiting[0]).lease; l.Slot != second[0].Slot {
					t.Errorf("got %s, want the place that became free, %s", l.Slot, second[0].Slot)
				}
				stillWaits(t, waiting[1])
			})
		})
	}
}

// Work that has been done is no longer ahead; a slot that has done all is idle.
func TestShortRequestsPackAnew(t *testing.T) {
	inBubble(t, 2, &nursery{slots: 3}, sharing(0), func(t *testing.T, p *testPool) {
		for range 3 {
			leases := pack(t, p, 5, 50*us)
			for range 20 {
				leases[0].Release()
				leases = append(leases[1:], pack(t, p, 1, 50*us)...)
				if leases[0].Slot != leases[4].Slot {
					t.Fatalf("got %s, want %s", leases[4].Slot, leases[0].Slot)
				}
			}
			for _, l := range leases {
				l.Release()
			}
			wantLoad(t, p, Load{Processes: 2, Idle: 6})
			checkIdle(t, p)
		}
	})
}

// The slots of a process that is not the first are filled in their turn only.
func TestFirstProcessIsFilledFirst(t *testing.T) {
	inBubble(t, 3, &nursery{slots: 2}, sharing(0), func(t *testing.T, p *testPool) {
		first := pack(t, p, 5, 50*us)
		second := pack(t, p, 2, 50*us)
		first[4].Release()
		if l := acquireFor(t, p, Ask{Cost: 50 * us}); l.Slot != first[0].Slot {
			t.Errorf("got %s, want %s, which is first", l.Slot, first[0].Slot)
		}
		if l := acquireFor(t, p, Ask{Cost: 50 * us}); l.Slot != second[0].Slot {
			t.Errorf("got %s, want %s, which is open", l.Slot, second[0].Slot)
		}
	})
}

// A request that goes alone has an idle slot at once, and that for itself, though
// short ones wait.
func TestLongRequestTakesAnIdleSlot(t *testing.T) {
	inBubble(t, 1, &nursery{slots: 3}, sharing(10), func(t *testing.T, p *testPool) {
		packed := pack(t, p, 2, Ahead)
		waiting := waits(t, p, Ask{Cost: 10 * us})
		long := []Lease[string]{acquire(t, p), acquireFor(t, p, Ask{Cost: Ahead + 1})}
		if long[0].Slot == long[1].Slot || long[0].Slot == packed[0].Slot || long[1].Slot == packed[0].Slot {
			t.Errorf("got %s and %s beside %s", long[0].Slot, long[1].Slot, packed[0].Slot)
		}
		long[0].Release() // for the next like it, not for who waits behind others
		stillWaits(t, waiting)
		packed[0].Release()
		if l := got(t, waiting).lease; l.Slot != packed[0].Slot {
			t.Errorf("got %s, want %s", l.Slot, packed[0].Slot)
		}
	})
}

// Nor does a short one that waits for its place keep one from it.
func TestShortRequestHoldsUpNoLongOne(t *testing.T) {
	inBubble(t, 1, &nursery{slots: 2}, sharing(10), func(t *testing.T, p *testPool) {
		pack(t, p, 2, Ahead)
		held := acquire(t, p)
		first := waits(t, p, Ask{Cost: 10 * us})
		long := waits(t, p, Ask{})
		held.Release()
		if l := got(t, long).lease; l.Slot != held.Slot {
			t.Errorf("got %s, want the idle slot, %s", l.Slot, held.Slot)
		}
		stillWaits(t, first)
	})
}

// passAll has as many short requests pass who waits as may.
func passAll(t *testing.T, p *testPool) {
	t.Helper()
	for range mayPass {
		acquireFor(t, p, Ask{Cost: us}).Release()
	}
}

// Short requests that come and come must not keep a slot from one that goes alone: some
// may pass it, and then it holds them up.
func TestLongRequestIsNotStarved(t *testing.T) {
	inBubble(t, 1, &nursery{}, sharing(10), func(t *testing.T, p *testPool) {
		first := pack(t, p, 2, 50*us)
		long := waits(t, p, Ask{})
		passAll(t, p)
		later := waits(t, p, Ask{Cost: 50 * us})
		first[0].Release()
		stillWaits(t, later)
		first[1].Release()
		held := got(t, long).lease
		stillWaits(t, later)
		held.Release()
		got(t, later).lease.Release()
	})
}

// One that gave up holds up nobody.
func TestLongRequestThatGivesUp(t *testing.T) {
	inBubble(t, 1, &nursery{}, sharing(10), func(t *testing.T, p *testPool) {
		first := pack(t, p, 2, 50*us)
		ctx, leave := context.WithCancel(t.Context())
		long := enqueue(ctx, p)
		passAll(t, p)
		later := waits(t, p, Ask{Cost: 50 * us})
		leave()
		wantErr(t, got(t, long).err, context.Canceled)
		if l := got(t, later).lease; l.Slot != first[0].Slot {
			t.Errorf("got %s, want %s", l.Slot, first[0].Slot)
		}
	})
}

// A slot that becomes idle takes the short ones first, and then one of the others; so a
// crowd of long requests costs a short one a turn of a slot, and not the whole crowd.
func TestShortRequestsPassACrowd(t *testing.T) {
	short, long := Ask{Cost: 50 * us}, Ask{}
	inBubble(t, 1, &nursery{}, sharing(10), func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		crowd := []<-chan result{waits(t, p, long), waits(t, p, long), waits(t, p, long)}
		for _, w := range crowd {
			one, two := waits(t, p, short), waits(t, p, short)
			held.Release()
			quick := []Lease[string]{got(t, one).lease, got(t, two).lease} // behind it
			stillWaits(t, w)
			for _, l := range quick {
				l.Release()
			}
			held = got(t, w).lease
		}
		held.Release()
		wantLoad(t, p, Load{Processes: 1, Idle: 1})
	})
}

// A queue that is full of long requests has places for short ones, and the other way round.
func TestEachKindHasAQueue(t *testing.T) {
	short, long := Ask{Cost: 50 * us}, Ask{}
	for _, crowd := range []Ask{short, long} {
		inBubble(t, 1, &nursery{}, sharing(2), func(t *testing.T, p *testPool) {
			held := acquire(t, p)
			waiting := []<-chan result{waits(t, p, crowd), waits(t, p, crowd)}
			_, err := p.Acquire(t.Context(), crowd)
			wantErr(t, err, ErrQueueFull)
			other := long
			if crowd == long {
				other = short
			}
			waiting = append(waiting, waits(t, p, other), waits(t, p, other))
			_, err = p.Acquire(t.Context(), other)
			wantErr(t, err, ErrQueueFull)
			held.Release()
			if crowd == long { // whom the others pass
				waiting = slices.Concat(waiting[2:], waiting[:2])
			}
			for _, w := range waiting {
				got(t, w).lease.Release()
			}
		})
	}
}

// Better a thread too many than a refusal; but no slot of that kind is shared.
func TestFullQueueOpensIdleSlots(t *testing.T) {
	short := Ask{Cost: Ahead}
	for _, size := range []int{-1, 0, 2} {
		inBubble(t, 1, &nursery{slots: 3}, sharing(size), func(t *testing.T, p *testPool) {
			packed := pack(t, p, 2, Ahead)
			var waiting []<-chan result
			for range max(size, 0) {
				waiting = append(waiting, waits(t, p, short))
			}
			second, third := acquireFor(t, p, short), acquireFor(t, p, short)
			if second.Slot == third.Slot || second.Slot == packed[0].Slot || third.Slot == packed[0].Slot {
				t.Errorf("size %d: got %s and %s beside %s", size, second.Slot, third.Slot, packed[0].Slot)
			}
			_, err := p.Acquire(t.Context(), short)
			wantErr(t, err, ErrQueueFull)
			for _, l := range append(packed, second, third) {
				l.Release()
			}
			for _, w := range waiting {
				got(t, w).lease.Release()
			}
			wantLoad(t, p, Load{Processes: 1, Idle: 3})
			checkIdle(t, p)
		})
	}
}

// Without a means to take them back, requests do not wait behind each other.
func TestSlotsThatAreNotShared(t *testing.T) {
	for name, c := range map[string]struct {
		n    *nursery
		opts Options[string]
	}{
		"the process does not": {&nursery{slots: 3, selfish: true}, sharing(10)},
		"the pool does not":    {&nursery{slots: 3}, Options[string]{QueueSize: 10}},
	} {
		inBubble(t, 1, c.n, c.opts, func(t *testing.T, p *testPool) {
			slots := map[string]bool{}
			var leases []Lease[string]
			for range 3 {
				leases = append(leases, acquireFor(t, p, Ask{Cost: us}))
				slots[leases[len(leases)-1].Slot] = true
			}
			if len(slots) != 3 {
				t.Errorf("%s: 3 requests on %d slots", name, len(slots))
			}
			waiting := waits(t, p, Ask{Cost: us})
			pass(10 * patience)
			stillWaits(t, waiting)
			leases[1].Release()
			if l := got(t, waiting).lease; l.Slot != leases[1].Slot {
				t.Errorf("%s: got %s, want the idle slot, %s", name, l.Slot, leases[1].Slot)
			}
		})
	}
}

// A process that does not share is used beside one that does.
func TestSelfishProcessBesideOthers(t *testing.T) {
	n := &nursery{slots: 2}
	inBubble(t, 1, n, sharing(10), func(t *testing.T, p *testPool) {
		selfish := newFake("selfish", 2)
		selfish.selfish = true
		p.add(memberOf(selfish))
		first := pack(t, p, 2, Ahead)
		if first[0].Slot[0] != 'a' {
			t.Errorf("got %s", first[0].Slot)
		}
		one, other := acquireFor(t, p, Ask{Cost: us}), acquireFor(t, p, Ask{Cost: us})
		if one.Slot == other.Slot || one.Slot[0] != 's' || other.Slot[0] != 's' {
			t.Errorf("got %s and %s, want both slots of the selfish process", one.Slot, other.Slot)
		}
		waits(t, p, Ask{Cost: us})
	})
}

// A dead process is no place to wait, even before the pool has dealt with its end.
func TestDeadProcessIsNotShared(t *testing.T) {
	d := dispatcher[string]{takeBack: func(string) {}}
	dead := newFake("dead", 2)
	d.add(memberOf(dead))
	first, err := d.Acquire(t.Context(), Ask{Cost: us})
	wantErr(t, err, nil)
	d.add(memberOf(newFake("alive", 1)))
	dead.die()
	if l, err := d.Acquire(t.Context(), Ask{Cost: us}); err != nil || l.Slot != "alive0" {
		t.Errorf("got %q, %v", l.Slot, err)
	}
	first.Release()
	if l, err := d.Acquire(t.Context(), Ask{Cost: us}); err != nil || l.Slot != "alive0" {
		t.Errorf("then got %q, %v", l.Slot, err)
	}
}

// checkIdle fails unless every slot of every process is idle, once, as new.
func checkIdle(t *testing.T, p *testPool) {
	t.Helper()
	p.dispatcher.mu.Lock()
	defer p.dispatcher.mu.Unlock()
	for _, m := range p.members {
		if m.busy != 0 || m.shared != nil || m.leaving {
			t.Errorf("busy %d, shared %v, leaving %v", m.busy, m.shared, m.leaving)
		}
		idle := map[string]int{}
		for _, place := range m.idle {
			idle[place.slot]++
			if place.requests != 0 || place.work != 0 || place.sharing || place.member != m {
				t.Errorf("idle slot %s: %d requests, %s of work, sharing %v", place.slot, place.requests, place.work, place.sharing)
			}
		}
		for _, slot := range m.process.Slots() {
			if idle[slot] != 1 {
				t.Errorf("slot %s is idle %d times", slot, idle[slot])
			}
		}
		if len(m.idle) != len(m.process.Slots()) {
			t.Errorf("%d slots are idle, of %d", len(m.idle), len(m.process.Slots()))
		}
	}
}

func BenchmarkAcquireShort(b *testing.B) {
	d := dispatcher[string]{takeBack: func(string) {}, queueSize: 100}
	for _, name := range []string{"a", "b"} {
		d.add(memberOf(newFake(name, 4)))
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if l, err := d.Acquire(b.Context(), Ask{Cost: 20 * us}); err == nil {
				l.Release()
			}
		}
	})
}
