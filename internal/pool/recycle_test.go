package pool

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// wantNumbers fails unless the processes that take requests have these numbers.
func wantNumbers(t *testing.T, p *testPool, want ...int) {
	t.Helper()
	synctest.Wait()
	var have []int
	for _, m := range p.Members() {
		if !m.Leaving {
			have = append(have, m.Number)
		}
	}
	if !slices.Equal(have, want) {
		t.Fatalf("the processes are %v, want %v", have, want)
	}
}

func serve(t *testing.T, p *testPool, requests int) {
	t.Helper()
	for range requests {
		acquire(t, p).Release()
	}
	synctest.Wait()
}

// takesASecond is a start that hangs for a second, but for the first ones.
func takesASecond(quick int) func(context.Context, int, int) error {
	return func(ctx context.Context, _, nth int) error {
		if nth >= quick && !sleep(ctx, time.Second) {
			return context.Cause(ctx)
		}
		return nil
	}
}

func TestReplacedAfterRequests(t *testing.T) {
	pr := &press{slots: 2, start: takesASecond(1)}
	opts := Options[string]{QueueSize: -1, Recycle: Recycle{Requests: 10}}
	withPress(t, 1, pr, opts, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		serve(t, p, 9)
		pass(time.Hour)
		wantNumbers(t, p, 1)
		serve(t, p, 1)
		pass(time.Second - 1)
		serve(t, p, 5) // the old one serves on
		wantNumbers(t, p, 1)
		pass(1)
		wantNumbers(t, p, 2)
		old := fakeOf(held)
		if old.wasStopped() {
			t.Error("stopped amid a request")
		}
		held.Release()
		synctest.Wait()
		if !old.wasStopped() || old.wasKilled() {
			t.Errorf("stopped: %t, killed: %t", old.wasStopped(), old.wasKilled())
		}
		serve(t, p, 10)
		pass(time.Second)
		wantNumbers(t, p, 3)
		if h := p.Health(); h.Failures > 0 {
			t.Errorf("health %+v", h)
		}
		pr.process(1, 2).die() // which nobody asked for
		synctest.Wait()
		if h := p.Health(); h.Failures != 1 {
			t.Errorf("health %+v", h)
		}
	})
}

func TestJitterSpreadsTheLimits(t *testing.T) {
	r := Recycle{Requests: 100, Jitter: 50, Lifetime: time.Hour}
	limits, lives := map[int]bool{}, map[time.Duration]bool{}
	for range 2000 {
		n, d := r.requestLimit(), r.lifetime()
		if n < 100 || n > 150 || d < time.Hour || d > time.Hour+6*time.Minute {
			t.Fatalf("limits %d and %s", n, d)
		}
		limits[n], lives[d] = true, true
	}
	if len(limits) < 40 || len(lives) < 1000 || !limits[100] && !limits[150] {
		t.Errorf("%d and %d different limits", len(limits), len(lives))
	}
}

func TestReplacedAfterALifetime(t *testing.T) {
	pr := &press{start: takesASecond(3), ending: time.Minute}
	withPress(t, 3, pr, Options[string]{Recycle: Recycle{Lifetime: time.Hour}}, func(t *testing.T, p *testPool) {
		pass(time.Hour - 1)
		wantNumbers(t, p, 1, 2, 3)
		pass(6*time.Minute + 4*time.Second)
		wantNumbers(t, p, 4, 5, 6)
	})
}

// However many are due at once: one starts after the other.
func TestNeverTwoReplacementsAtOnce(t *testing.T) {
	pr := &press{start: takesASecond(3)}
	withPress(t, 3, pr, Options[string]{Recycle: Recycle{Requests: 1}}, func(t *testing.T, p *testPool) {
		serve(t, p, 3)
		wantErr(t, answeredAfter(t, 3*time.Second, func() error { return p.Replace(t.Context(), 1, "test") }), nil)
		wantNumbers(t, p, 4, 5, 6)
		if gaps := gapsOf(pr.starts(1)[3:]); !slices.Equal(gaps, []time.Duration{time.Second, time.Second}) {
			t.Errorf("started after %v", gaps)
		}
		if pr.mostLiving() > 4 {
			t.Errorf("there were %d processes", pr.mostLiving())
		}
	})
}

func answeredAfter(t *testing.T, d time.Duration, do func() error) error {
	t.Helper()
	done := later(do)
	pass(d)
	return answered(t, done)
}

func gapsOf(times []time.Time) (gaps []time.Duration) {
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, times[i].Sub(times[i-1]))
	}
	return gaps
}

// It is tried again, ever more seldom, and the old one serves until it succeeds.
func TestReplacementThatFails(t *testing.T) {
	const ms = time.Millisecond
	for name, r := range map[string]Recycle{"requests": {Requests: 1}, "lifetime": {Lifetime: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			pr := &press{start: func(_ context.Context, _, nth int) error {
				if nth >= 1 && nth <= 5 {
					return errNoStart
				}
				return nil
			}}
			withPress(t, 1, pr, Options[string]{QueueSize: -1, Recycle: r}, func(t *testing.T, p *testPool) {
				pass(2 * time.Hour / 3)
				serve(t, p, 1)
				if r.Lifetime > 0 {
					pass(time.Hour)
				}
				pass(3*time.Second - ms)
				if r.Requests > 0 {
					wantNumbers(t, p, 1)
					serve(t, p, 3)
					if !p.Health().Failing() || p.Health().Last == nil {
						t.Errorf("health %+v", p.Health())
					}
				}
				pass(time.Second)
				wantNumbers(t, p, 2)
				want := []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms}
				if gaps := gapsOf(pr.starts(1)[1:]); !slices.Equal(gaps, want) {
					t.Errorf("tried after %v, want %v", gaps, want)
				}
				if h := p.Health(); h != (Health{}) {
					t.Errorf("health %+v", h)
				}
			})
		})
	}
}

// The death of the old process does not wait for the end of the delay, nor start
// a second one beside a start.
func TestProcessEndsBeforeItsReplacementIsThere(t *testing.T) {
	t.Run("delayed", func(t *testing.T) {
		pr := &press{start: func(_ context.Context, _, nth int) error {
			if nth >= 1 && nth <= 8 { // the next delay is 12.8s
				return errNoStart
			}
			return nil
		}}
		withPress(t, 1, pr, Options[string]{Recycle: Recycle{Requests: 1}}, func(t *testing.T, p *testPool) {
			pass(time.Hour)
			serve(t, p, 1)
			pass(13 * time.Second)
			wantNumbers(t, p, 1)
			pr.process(1, 0).die()
			wantNumbers(t, p, 2)
		})
	})
	t.Run("starting", func(t *testing.T) {
		pr := &press{start: takesASecond(1)}
		withPress(t, 1, pr, Options[string]{Recycle: Recycle{Requests: 1}}, func(t *testing.T, p *testPool) {
			serve(t, p, 1)
			pass(time.Second / 2)
			pr.process(1, 0).die()
			pass(time.Second / 2)
			wantNumbers(t, p, 2)
			if n := len(pr.starts(1)); n != 2 {
				t.Errorf("%d starts, want 2", n)
			}
		})
	})
}

func TestReplacedForItsMemory(t *testing.T) {
	pr := &press{start: takesASecond(2)}
	withPress(t, 2, pr, Options[string]{QueueSize: 5, Recycle: Recycle{Memory: 100 << 20}}, func(t *testing.T, p *testPool) {
		held := []Lease[string]{acquire(t, p), acquire(t, p)}
		takes := func(l Lease[string], mib int64) {
			f := fakeOf(l)
			f.mu.Lock()
			f.memory = mib << 20
			f.mu.Unlock()
		}
		takes(held[0], 100)
		takes(held[1], 100)
		pass(time.Minute)
		wantNumbers(t, p, 1, 2)

		takes(held[0], 101) // soft: it serves until there is another
		pass(memoryEvery + time.Second - 2)
		wantLoad(t, p, Load{Processes: 2, Busy: 2})
		pass(2)
		wantLoad(t, p, Load{Processes: 2, Busy: 1, Idle: 1})
		other := acquire(t, p)

		takes(held[1], 151) // hard: it gets no more requests
		pass(memoryEvery)
		wantLoad(t, p, Load{Processes: 1, Busy: 1})
		held[1].Release()
		waiting := enqueue(t.Context(), p)
		stillWaits(t, waiting)
		if f := fakeOf(held[1]); f.wasKilled() || !f.wasStopped() {
			t.Errorf("killed: %t, stopped: %t", f.wasKilled(), f.wasStopped())
		}
		pass(time.Second)
		got(t, waiting).lease.Release()
		other.Release()
		held[0].Release()
		wantNumbers(t, p, 3, 4)
	})
}

// A process that serves nobody any more does not wait for another's replacement.
func TestHardLimitsTogether(t *testing.T) {
	pr := &press{slots: 1, start: takesASecond(3)}
	withPress(t, 3, pr, Options[string]{Recycle: Recycle{Memory: 100}}, func(t *testing.T, p *testPool) {
		for i := range 3 {
			f := pr.process(1, i)
			f.mu.Lock()
			f.memory = 151
			f.mu.Unlock()
		}
		pass(memoryEvery + time.Second)
		wantNumbers(t, p, 4, 5, 6)
	})
}

func TestTotalTakesTheLargest(t *testing.T) {
	pr := &press{}
	withPress(t, 3, pr, Options[string]{Recycle: Recycle{Total: 100}}, func(t *testing.T, p *testPool) {
		for i, size := range []int64{30, 41, 29} {
			f := p.Members()[i].Process.(*fakeProcess)
			f.mu.Lock()
			f.memory = size
			f.mu.Unlock()
		}
		pass(time.Minute)
		wantNumbers(t, p, 1, 2, 3)
		f := p.Members()[0].Process.(*fakeProcess)
		f.mu.Lock()
		f.memory++
		f.mu.Unlock()
		pass(time.Minute)
		wantNumbers(t, p, 1, 3, 4)
	})
}

// The largest process of all pools goes, whichever has it; numbers are counted together.
func TestTotalOfSeveralPools(t *testing.T) {
	number := 0
	opts := Options[string]{Number: func() int { number++; return number }}
	small, large := &press{}, &press{}
	withPress(t, 1, small, opts, func(t *testing.T, one *testPool) {
		opts.Generation, opts.Size, opts.Logger = large.edition, 2, silent
		two := &testPool{Pool: New(opts)}
		if err := two.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer two.end()
		pass(time.Second)
		takes := func(f *fakeProcess, memory int64) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.memory = memory
		}
		takes(small.process(1, 0), 40)
		takes(large.process(1, 0), 20)
		takes(large.process(1, 1), 40)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go WatchTotal(ctx, 100, one.Pool, two.Pool)
		pass(time.Minute)
		wantNumbers(t, one, 1)
		wantNumbers(t, two, 2, 3)
		takes(large.process(1, 1), 41)
		pass(time.Minute)
		wantNumbers(t, one, 1)
		wantNumbers(t, two, 2, 4)
	})
}
