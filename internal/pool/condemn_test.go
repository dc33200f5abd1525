package pool

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCondemn(t *testing.T) {
	pr := &press{slots: 3, start: takesASecond(1)}
	withPress(t, 1, pr, Options[string]{QueueSize: 5}, func(t *testing.T, p *testPool) {
		stuck, other := acquire(t, p), acquire(t, p)
		f := fakeOf(stuck)
		stuck.Condemn("too slow")
		stuck.Condemn("too slow, really") // nothing new
		waiting := enqueue(t.Context(), p)
		stillWaits(t, waiting) // though a slot is idle
		pass(time.Second)      // the replacement
		if l := got(t, waiting).lease; l.Slot == "" || fakeOf(l) == f {
			t.Errorf("got %q", l.Slot)
		}
		pass(time.Hour)
		synctest.Wait()
		if f.wasStopped() || f.wasKilled() {
			t.Fatal("ended amid another request")
		}
		if m := p.Members()[0]; m.Condemned != 1 || m.Busy != 2 || !m.Leaving {
			t.Errorf("%+v", m)
		}
		other.Release()
		synctest.Wait()
		if !slices.Equal(f.killed, []string{"too slow"}) || f.wasFreed() {
			t.Errorf("killed for %q, freed: %t", f.killed, f.wasFreed())
		}
		stuck.Release()
		synctest.Wait()
		if !f.wasFreed() || p.Health().Failures > 0 {
			t.Errorf("freed: %t, %+v", f.wasFreed(), p.Health())
		}
	})
}

// It came to its end after all: then the process need not be killed for it, least
// of all amid another request.
func TestCondemnedRequestThatEnds(t *testing.T) {
	pr := &press{slots: 3}
	withPress(t, 1, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		stuck, other := acquire(t, p), acquire(t, p)
		f := fakeOf(stuck)
		stuck.Condemn("too slow")
		stuck.Release()
		pass(time.Minute)
		if f.wasStopped() || f.wasKilled() {
			t.Fatal("ended amid another request")
		}
		other.Release()
		synctest.Wait()
		if !f.wasStopped() || f.wasKilled() {
			t.Errorf("stopped: %t, killed: %t", f.wasStopped(), f.wasKilled())
		}
	})
}

// Whyever the process is on its way out: what is condemned does not hold it up.
func TestCondemnOnTheWayOut(t *testing.T) {
	for name, out := range map[string]func(t *testing.T, p *testPool) error{
		"reload": func(t *testing.T, p *testPool) error { return p.Reload(t.Context(), false) },
		"drain":  func(t *testing.T, p *testPool) error { return p.Drain(t.Context(), 1, "test") },
		"scale":  func(_ *testing.T, p *testPool) error { return p.Scale(0) },
		"stop":   func(t *testing.T, p *testPool) error { go p.Stop(context.WithoutCancel(t.Context())); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			withPress(t, 1, &press{slots: 2}, Options[string]{}, func(t *testing.T, p *testPool) {
				stuck, other := acquire(t, p), acquire(t, p)
				wantErr(t, out(t, p), nil)
				synctest.Wait()
				stuck.Condemn("too slow")
				f := fakeOf(stuck)
				synctest.Wait()
				if f.wasKilled() {
					t.Fatal("ended amid another request")
				}
				other.Release()
				synctest.Wait()
				if !slices.Equal(f.killed, []string{"too slow"}) {
					t.Errorf("killed for %q", f.killed)
				}
				stuck.Release()
				pass(time.Minute)
				want := 1
				if name == "scale" || name == "stop" {
					want = 0
				}
				if n := p.Load().Processes; n != want {
					t.Errorf("%d processes, want %d", n, want)
				}
			})
		})
	}
}

func TestCondemnDuringAReload(t *testing.T) {
	pr := &press{slots: 1, start: slowSecond}
	withPress(t, 1, pr, Options[string]{QueueSize: 1}, func(t *testing.T, p *testPool) {
		stuck := acquire(t, p)
		reloaded := later(func() error { return p.Reload(t.Context(), false) })
		stuck.Condemn("too slow")
		synctest.Wait()
		if !fakeOf(stuck).wasKilled() {
			t.Error("not killed")
		}
		stuck.Release()
		wantEditions(t, p, 1)
		pass(time.Second)
		wantErr(t, answered(t, reloaded), nil)
		wantEditions(t, p, 2)
	})
}

func TestCondemnWhileTheReplacementFails(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	pr := &press{slots: 2, start: func(_ context.Context, _, nth int) error {
		if broken.Load() && nth > 0 {
			return errNoStart
		}
		return nil
	}}
	withPress(t, 1, pr, Options[string]{QueueSize: 5}, func(t *testing.T, p *testPool) {
		stuck, other := acquire(t, p), acquire(t, p)
		stuck.Condemn("too slow")
		waiting := enqueue(t.Context(), p)
		stillWaits(t, waiting)
		pass(time.Second) // three have failed, and there is no other
		wantErr(t, got(t, waiting).err, ErrFailing)
		broken.Store(false)
		pass(time.Second)
		acquire(t, p)
		other.Release()
		stuck.Release()
	})
}
