package pool

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var errNoStart = errors.New("it does not start")

func TestStartReturnsWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &nursery{slots: 1}
		slow := false
		p := New(Options[string]{Size: 3, Logger: silent, Generation: startedBy(func(ctx context.Context) (Process[string], error) {
			n.mu.Lock()
			wait := slow
			slow = true
			n.mu.Unlock()
			if wait && !sleep(ctx, time.Minute) {
				return nil, context.Cause(ctx)
			}
			return n.Start(ctx)
		})})
		began := time.Now()
		wantErr(t, p.Start(t.Context()), nil)
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s, though one was ready at once", took)
		}
		wantLoad(t, p, Load{Processes: 1, Idle: 1})
		pass(time.Minute)
		wantLoad(t, p, Load{Processes: 3, Idle: 3})
		wantErr(t, p.Stop(t.Context()), nil)
	})
}

func TestStartFailsWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		n := &nursery{takes: time.Second, fail: func(nth int) error {
			if nth == 0 {
				return errNoStart
			}
			return nil
		}}
		p := New(Options[string]{Size: 3, Generation: n.generation, Logger: silent, QueueSize: 1})
		wantErr(t, p.Start(t.Context()), errNoStart)
		synctest.Wait()
		for i := range n.count() {
			if f := n.process(i); !closed(f.exited) || !f.wasFreed() {
				t.Errorf("process %s is left", f.name)
			}
		}
		_, err := p.Acquire(t.Context(), Ask{})
		wantErr(t, err, ErrClosed)
	})
}

// A process that becomes ready after the pool was told to end must end as well,
// even one that does not by itself.
func TestLateStartIsKilled(t *testing.T) {
	stops := map[string]func(t *testing.T, p *Pool[string]){
		"Kill": func(_ *testing.T, p *Pool[string]) { p.Kill("over") },
		"Stop": func(t *testing.T, p *Pool[string]) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_ = p.Stop(ctx)
		},
	}
	for name, stop := range stops {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &nursery{slots: 1, takes: 5 * time.Second, deaf: true, stubborn: true}
				p := New(Options[string]{Size: 1, Generation: n.generation, Logger: silent})
				started := make(chan error, 1)
				go func() { started <- p.Start(t.Context()) }()
				synctest.Wait()
				began := time.Now()
				stop(t, p)
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("took %s", took)
				}
				if !closed(n.process(0).exited) {
					t.Error("the late process lives on")
				}
				synctest.Wait()
				if err := <-started; err == nil {
					t.Error("Start succeeded on a pool that was ended")
				}
			})
		})
	}
}

func TestStartAfterStopFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &nursery{slots: 1}
		p := New(Options[string]{Size: 1, Generation: n.generation, Logger: silent})
		wantErr(t, p.Stop(t.Context()), nil)
		wantErr(t, p.Start(t.Context()), ErrClosed)
	})
}

func TestStartEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &nursery{slots: 1, takes: time.Hour}
		p := New(Options[string]{Size: 2, Generation: n.generation, Logger: silent})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, p.Start(ctx), context.DeadlineExceeded)
	})
}

func TestStartsContextDoesNotBindLaterStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &nursery{slots: 1}
		p := New(Options[string]{Size: 1, Generation: n.generation, Logger: silent})
		ctx, cancel := context.WithCancel(t.Context())
		wantErr(t, p.Start(ctx), nil)
		cancel()
		n.process(0).die()
		wantLoad(t, p, Load{Processes: 1, Idle: 1})
		wantErr(t, p.Stop(t.Context()), nil)
	})
}

func TestReplacedAtOnce(t *testing.T) {
	n := &nursery{}
	inBubble(t, 1, n, Options[string]{}, func(t *testing.T, p *testPool) {
		pass(time.Minute)
		n.process(0).die()
		synctest.Wait()
		if gaps := n.gaps(); !slices.Equal(gaps, []time.Duration{time.Minute}) {
			t.Fatalf("starts after %v, want at once", gaps)
		}
		if !n.process(0).wasFreed() {
			t.Error("what the dead process held is not freed")
		}
		if l := acquire(t, p); l.Slot != "b0" {
			t.Errorf("got %s", l.Slot)
		}
	})
}

// A request of the dead process may take long to end: its client reads slowly.
func TestReplacedAtOnceThoughARequestHoldsOn(t *testing.T) {
	n := &nursery{}
	inBubble(t, 1, n, Options[string]{}, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		n.process(0).die()
		wantLoad(t, p, Load{Processes: 1, Idle: 1})
		if n.process(0).wasFreed() {
			t.Error("the slots were closed under a request")
		}
		held.Release()
		synctest.Wait()
		if !n.process(0).wasFreed() {
			t.Error("what the dead process held is not freed")
		}
	})
}

func TestDelayGrowsWhileStartsFail(t *testing.T) {
	const ms = time.Millisecond
	n := &nursery{fail: func(nth int) error {
		if nth == 0 || nth > 13 {
			return nil
		}
		return errNoStart
	}}
	inBubble(t, 1, n, Options[string]{}, func(t *testing.T, p *testPool) {
		n.process(0).die()
		pass(time.Hour)
		synctest.Wait()
		want := []time.Duration{
			0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 12800 * ms,
			25600 * ms, maxDelay, maxDelay, maxDelay, maxDelay,
		}
		if gaps := n.gaps(); !slices.Equal(gaps, want) {
			t.Errorf("starts after %v, want %v", gaps, want)
		}
		wantLoad(t, p, Load{Processes: 1, Idle: 1})
	})
}

func TestDelayGrowsWhileProcessesDieSoon(t *testing.T) {
	const ms = time.Millisecond
	n := &nursery{}
	inBubble(t, 1, n, Options[string]{}, func(t *testing.T, p *testPool) {
		for i := range 5 {
			for n.count() <= i {
				pass(ms)
				synctest.Wait()
			}
			n.process(i).die()
			synctest.Wait()
		}
		want := []time.Duration{0, 100 * ms, 200 * ms, 400 * ms}
		if gaps := n.gaps(); !slices.Equal(gaps[:4], want) {
			t.Errorf("starts after %v, want %v", gaps, want)
		}
		pass(time.Second) // the fifth delay is over
		wantLoad(t, p, Load{Processes: 1, Idle: 1})

		// One that lives long enough ends it.
		pass(healthyAfter)
		before := len(n.gaps())
		n.process(n.count() - 1).die()
		synctest.Wait()
		if len(n.gaps()) != before+1 {
			t.Error("not replaced at once after a healthy time")
		}
	})
}

// However often the processes have died: as long as they start, one of them is
// there a second after the last death, though the others be put off for longer.
func TestSomeProcessIsStartedSoon(t *testing.T) {
	n := &nursery{}
	inBubble(t, 3, n, Options[string]{}, func(t *testing.T, p *testPool) {
		for range 60 {
			for _, m := range p.admitted() {
				m.process.(*fakeProcess).die()
			}
			synctest.Wait()
			pass(emptyDelay)
			synctest.Wait()
			if p.Load().Processes == 0 {
				t.Fatalf("no process after %d starts", n.count())
			}
		}
		if n.count() > 100 { // 3, and one in each round, and those that had not died often
			t.Errorf("%d starts in %d rounds", n.count(), 60)
		}
	})
}

// One seat's misfortune is not another's.
func TestDelayIsOfOneSeat(t *testing.T) {
	n := &nursery{}
	inBubble(t, 2, n, Options[string]{}, func(t *testing.T, p *testPool) {
		n.process(0).die()
		synctest.Wait()
		n.process(2).die() // its replacement waits now
		synctest.Wait()
		n.process(1).die()
		synctest.Wait()
		if n.count() != 4 {
			t.Errorf("%d starts, want 4: the second seat's at once", n.count())
		}
	})
}

func TestStopDrains(t *testing.T) {
	n := &nursery{slots: 2}
	inBubble(t, 2, n, Options[string]{QueueSize: 4}, func(t *testing.T, p *testPool) {
		var leases []Lease[string]
		for range 4 {
			leases = append(leases, acquire(t, p))
		}
		waiting := enqueue(t.Context(), p)
		stopped := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() { stopped <- p.Stop(ctx) }()
		wantErr(t, got(t, waiting).err, ErrClosed)
		_, err := p.Acquire(t.Context(), Ask{})
		wantErr(t, err, ErrClosed)
		for i, l := range leases {
			pass(time.Second)
			synctest.Wait()
			if len(stopped) > 0 {
				t.Fatalf("stopped while %d requests ran", len(leases)-i)
			}
			l.Release()
		}
		wantErr(t, <-stopped, nil)
		for i := range 2 {
			f := n.process(i)
			if !f.wasStopped() || f.wasKilled() || !f.wasFreed() {
				t.Errorf("%s: stopped %t, killed %t, freed %t", f.name, f.wasStopped(), f.wasKilled(), f.wasFreed())
			}
		}
		if n.count() != 2 {
			t.Errorf("%d processes were started, want 2", n.count())
		}
	})
}

func TestStopKillsAtTheDeadline(t *testing.T) {
	n := &nursery{slots: 1}
	inBubble(t, 2, n, Options[string]{}, func(t *testing.T, p *testPool) {
		busy := acquire(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		f := n.process(int(busy.Slot[0] - 'a'))
		go func() { // as the gateway does when the worker is dead
			<-f.exited
			busy.Release()
		}()
		wantErr(t, p.Stop(ctx), context.DeadlineExceeded)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %s, want 3s", took)
		}
		if !f.wasKilled() || f.killed[0] != "it did not end within the drain time" {
			t.Errorf("killed: %q", f.killed)
		}
		synctest.Wait()
		if other := n.process(1 - int(busy.Slot[0]-'a')); other.wasKilled() {
			t.Error("the idle process was killed, too")
		}
	})
}

// Whoever stops at once wants them killed: that is no news for the log.
func TestStopAtOnceGivesNoReason(t *testing.T) {
	n := &nursery{slots: 1, stubborn: true}
	inBubble(t, 1, n, Options[string]{}, func(t *testing.T, p *testPool) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantErr(t, p.Stop(ctx), context.Canceled)
		if f := n.process(0); !f.wasKilled() || f.killed[0] != "" {
			t.Errorf("killed: %q", f.killed)
		}
	})
}

// A process may hang in its own end: a thread that does not stop, say.
func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	n := &nursery{slots: 1, stubborn: true}
	inBubble(t, 2, n, Options[string]{}, func(t *testing.T, p *testPool) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		wantErr(t, p.Stop(ctx), context.DeadlineExceeded)
		for i := range 2 {
			if f := n.process(i); !f.wasStopped() || !f.wasKilled() {
				t.Errorf("%s: stopped %t, killed %t", f.name, f.wasStopped(), f.wasKilled())
			}
		}
	})
}

// The operator is in a hurry after all.
func TestKillDuringStop(t *testing.T) {
	n := &nursery{slots: 1, stubborn: true}
	inBubble(t, 2, n, Options[string]{}, func(t *testing.T, p *testPool) {
		stopped := make(chan error, 1)
		go func() { stopped <- p.Stop(t.Context()) }()
		pass(time.Second)
		synctest.Wait()
		began := time.Now()
		p.Kill("at once")
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
		wantErr(t, <-stopped, nil)
		for i := range 2 {
			if f := n.process(i); !slices.Contains(f.killed, "at once") {
				t.Errorf("%s: killed for %q", f.name, f.killed)
			}
		}
	})
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
