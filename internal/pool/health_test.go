package pool

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// broken is code that fails from when it is told to.
type broken struct{ atomic.Bool }

func (b *broken) start(context.Context, int, int) error {
	if b.Load() {
		return errNoStart
	}
	return nil
}

func TestFailing(t *testing.T) {
	var code broken
	var takes atomic.Int64
	pr := &press{start: func(ctx context.Context, edition, nth int) error {
		pass(time.Duration(takes.Load()))
		return code.start(ctx, edition, nth)
	}}
	withPress(t, 2, pr, Options[string]{QueueSize: 5}, func(t *testing.T, p *testPool) {
		pass(time.Hour)
		code.Store(true)
		dying := acquire(t, p)
		fakeOf(dying).die()
		dying.Release()
		pass(time.Minute)
		if h := p.Health(); !h.Failing() || h.Last != errNoStart || h.Retry.IsZero() {
			t.Errorf("health %+v", h)
		}
		last := acquire(t, p) // for there is a process still
		waiting := []<-chan result{enqueue(t.Context(), p), enqueueFor(t.Context(), p, Ask{Cost: us})}
		fakeOf(last).die()
		last.Release()
		for _, w := range waiting {
			err := got(t, w).err
			wantErr(t, err, ErrFailing)
			wantErr(t, err, errNoStart)
		}
		began := time.Now()
		for _, ask := range []Ask{{}, {Cost: us}, {Again: true}} {
			_, err := p.Acquire(t.Context(), ask)
			wantErr(t, err, ErrFailing)
			if !IsOverload(err) {
				t.Error("no overload")
			}
		}
		if time.Since(began) != 0 {
			t.Errorf("refused after %s", time.Since(began))
		}
		pass(time.Hour)
		_, err := p.Acquire(t.Context(), Ask{})
		wantErr(t, err, ErrFailing)

		code.Store(false)
		pass(maxDelay)
		wantLoad(t, p, Load{Processes: 2, Idle: 2})
		if h := p.Health(); h != (Health{}) {
			t.Errorf("health %+v", h)
		}
		held := []Lease[string]{acquire(t, p), acquire(t, p)}
		w := enqueue(t.Context(), p) // as ever
		stillWaits(t, w)
		held[0].Release()
		wantErr(t, got(t, w).err, nil)

		pass(healthyAfter)
		takes.Store(int64(time.Second)) // also while there is no process
		for _, l := range held {
			fakeOf(l).die()
		}
		synctest.Wait()
		w = enqueue(t.Context(), p)
		stillWaits(t, w)
		pass(time.Second)
		wantErr(t, got(t, w).err, nil)
	})
}

// That a process of before is well says nothing of those that do not start.
func TestOldProcessIsNoSignOfHealth(t *testing.T) {
	var code broken
	withPress(t, 2, &press{start: code.start}, Options[string]{}, func(t *testing.T, p *testPool) {
		code.Store(true)
		l := acquire(t, p)
		fakeOf(l).die()
		l.Release()
		pass(healthyAfter)
		synctest.Wait()
		if h := p.Health(); !h.Failing() {
			t.Errorf("health %+v", h)
		}
	})
}

// Two failures are no reason to refuse anybody.
func TestRequestsWaitForTheThirdStart(t *testing.T) {
	var code broken
	withPress(t, 1, &press{start: code.start}, Options[string]{QueueSize: 5}, func(t *testing.T, p *testPool) {
		pass(time.Hour)
		code.Store(true)
		dying := acquire(t, p)
		fakeOf(dying).die()
		dying.Release()
		w := enqueue(t.Context(), p)
		pass(firstDelay)
		stillWaits(t, w)
		if h := p.Health(); h.Failures != 2 || h.Failing() {
			t.Errorf("health %+v", h)
		}
		code.Store(false)
		pass(2 * firstDelay)
		wantErr(t, got(t, w).err, nil)
	})
}

// A request that kills whoever serves it does not make the pool spin; and when
// nobody sends it any more, its deeds are forgotten.
func TestCrashAtTheFirstRequest(t *testing.T) {
	pr := &press{}
	withPress(t, 1, pr, Options[string]{QueueSize: 1}, func(t *testing.T, p *testPool) {
		pass(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		for ctx.Err() == nil {
			l, err := p.Acquire(ctx, Ask{})
			if err != nil {
				if ctx.Err() == nil {
					t.Fatal(err)
				}
				break
			}
			fakeOf(l).die()
			l.Release()
			synctest.Wait()
		}
		gaps := gapsOf(pr.starts(1)[1:])
		for i, g := range gaps {
			if want := min(firstDelay<<min(i, 8), emptyDelay); g != want {
				t.Fatalf("started after %v", gaps)
			}
		}
		if h := p.Health(); len(gaps) < 10 || !h.Failing() || !errors.Is(h.Last, errDeath) {
			t.Errorf("%d starts; %+v", len(gaps), h)
		}
		pass(maxDelay + healthyAfter)
		synctest.Wait()
		if h := p.Health(); h != (Health{}) {
			t.Errorf("health %+v", h)
		}
		pr.process(1, len(gaps)+1).die()
		wantLoad(t, p, Load{Processes: 1, Idle: 1}) // at once
	})
}

func TestProcessesAreUsedEvenly(t *testing.T) {
	for clients := range 7 {
		t.Run(fmt.Sprint(clients+1), func(t *testing.T) {
			withPress(t, 12, &press{slots: 4}, Options[string]{QueueSize: -1, TakeBack: func(string) {}}, func(t *testing.T, p *testPool) {
				const requests = 5000
				var sent atomic.Int64
				for range clients + 1 {
					go func() {
						for sent.Add(1) <= requests {
							l, err := p.Pool.Acquire(t.Context(), Ask{Cost: 5 * time.Millisecond})
							if err != nil {
								t.Error(err)
								return
							}
							pass(5 * time.Millisecond)
							l.Release()
						}
					}()
				}
				pass(time.Minute)
				synctest.Wait()
				most, all := 0, 0
				for _, m := range p.Members() {
					most, all = max(most, m.Served), all+m.Served
				}
				if all != requests || float64(most) > 1.2*requests/12 {
					t.Errorf("%d served; the busiest served %d of them, more than 1.2 times the mean", all, most)
				}
			})
		})
	}
}

// Where a generation is the code as it was, processes that die young are followed
// by those of a new one, which may be mended: from the third death on, one for
// each. Those that serve are left alone.
func TestDyingGenerationIsRenewed(t *testing.T) {
	for _, renew := range []bool{true, false} {
		pr := &press{}
		withPress(t, 2, pr, Options[string]{Renew: renew}, func(t *testing.T, p *testPool) {
			pass(2 * healthyAfter)
			well := p.seats[1].member.process.(*fakeProcess)
			for death := range 5 {
				synctest.Wait()
				victim := p.seats[0].member
				if victim == nil {
					t.Fatalf("no process %d", death)
				}
				victim.process.(*fakeProcess).die()
				synctest.Wait()
				pass(emptyDelay + time.Second)
			}
			synctest.Wait()
			made := len(pr.editions)
			if renew && made != 3 || !renew && made != 1 || p.Generation() != made {
				t.Errorf("renew %t: %d generations were made, the current one is %d", renew, made, p.Generation())
			}
			if closed(well.exited) {
				t.Error("a process that was well has ended")
			}
			wantLoad(t, p, Load{Processes: 2, Idle: 2})
		})
	}
}
