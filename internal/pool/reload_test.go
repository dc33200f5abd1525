package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// slowSecond has the second edition's nth process take nth+1 seconds to start.
func slowSecond(ctx context.Context, edition, nth int) error {
	if edition == 2 && !sleep(ctx, time.Duration(nth+1)*time.Second) {
		return context.Cause(ctx)
	}
	return nil
}

func TestReload(t *testing.T) {
	pr := &press{slots: 2, start: slowSecond, ending: time.Second}
	withPress(t, 3, pr, Options[string]{QueueSize: -1}, func(t *testing.T, p *testPool) {
		held := acquire(t, p) // of the first process
		clients := load(t, p, 3, 20*time.Millisecond)
		reloaded := later(func() error { return p.Reload(t.Context(), false) })
		pass(3*time.Second - 1)
		unanswered(t, reloaded)
		wantEditions(t, p, 1, 1, 1) // two of the new ones are ready
		pass(1)
		wantErr(t, answered(t, reloaded), nil)
		wantEditions(t, p, 2, 2, 2)
		wantErr(t, p.Reload(t.Context(), false), nil) // another, on the heels of it
		wantEditions(t, p, 3, 3, 3)
		pass(time.Minute)
		clients.wantServed(t)

		old := fakeOf(held)
		if old.wasStopped() || pr.closings(1) != 0 || pr.closings(2) != 1 {
			t.Fatalf("stopped: %t, closed %d and %d times", old.wasStopped(), pr.closings(1), pr.closings(2))
		}
		held.Release()
		synctest.Wait()
		if !old.wasStopped() || old.wasKilled() || pr.closings(1) != 0 {
			t.Errorf("stopped: %t, killed: %t, closed %d times", old.wasStopped(), old.wasKilled(), pr.closings(1))
		}
		pass(pr.ending)
		if pr.closings(1) != 1 {
			t.Errorf("closed %d times after the end of its last process", pr.closings(1))
		}
		wantLoad(t, p, Load{Processes: 3, Idle: 6})
	})
}

// If the new code does not start, nothing changes.
func TestReloadThatFails(t *testing.T) {
	hangs := func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
	for name, c := range map[string]struct {
		start  func(ctx context.Context, nth int) error
		warmUp func(Process[string]) error
		takes  time.Duration
		want   error // nil: any
	}{
		"one does not start": {takes: time.Second, want: errNoStart, start: func(ctx context.Context, nth int) error {
			if nth > 0 {
				return hangs(ctx)
			}
			pass(time.Second)
			return errNoStart
		}},
		"one hangs": {takes: time.Minute, want: context.DeadlineExceeded, start: func(ctx context.Context, nth int) error {
			if nth == 0 {
				return hangs(ctx)
			}
			return nil
		}},
		"the warm-up fails": {takes: ms, want: errNoStart, warmUp: func(pr Process[string]) error { return errNoStart }},
		"the warm-up hangs": {takes: time.Minute + ms, want: context.DeadlineExceeded, warmUp: func(pr Process[string]) error {
			<-pr.Exited()
			return errors.New("the process has ended")
		}},
	} {
		for _, rolling := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				pr := &press{slots: 1, dying: ms}
				pr.start = func(ctx context.Context, edition, nth int) error {
					if edition == 2 && c.start != nil {
						return c.start(ctx, nth)
					}
					return nil
				}
				opts := Options[string]{QueueSize: -1, WarmUp: func(f Process[string]) error {
					if c.warmUp != nil && f.Slots()[0][0] == '2' {
						return c.warmUp(f)
					}
					return nil
				}}
				withPress(t, 3, pr, opts, func(t *testing.T, p *testPool) {
					clients := load(t, p, 3, 20*time.Millisecond)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					began := time.Now()
					err := p.Reload(ctx, rolling)
					wantErr(t, err, c.want)
					if took := time.Since(began); took != c.takes {
						t.Errorf("took %s, want %s", took, c.takes)
					}
					wantEditions(t, p, 1, 1, 1)
					if pr.closings(2) != 1 || pr.closings(1) != 0 {
						t.Errorf("closed the old %d times, the new %d", pr.closings(1), pr.closings(2))
					}
					clients.wantServed(t)
					if h := p.Health(); h != (Health{}) {
						t.Errorf("health %+v", h)
					}
					pr.process(1, 0).die() // the next is of the old code
					pass(time.Minute)
					wantEditions(t, p, 1, 1, 1)
					wantErr(t, p.Reload(t.Context(), rolling), nil) // as soon as the code is mended
					wantEditions(t, p, 3, 3, 3)
				})
			})
		}
	}
}

// What was ready may have ended before the others were.
func TestReloadWithAProcessThatDoesNotLast(t *testing.T) {
	pr := &press{start: slowSecond}
	withPress(t, 2, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		reloaded := later(func() error { return p.Reload(t.Context(), false) })
		pass(time.Second)
		synctest.Wait()
		pr.process(2, 0).die()
		pass(time.Second)
		if answered(t, reloaded) == nil {
			t.Error("no error")
		}
		wantEditions(t, p, 1, 1)
	})
}

func TestRollingReload(t *testing.T) {
	pr := &press{slots: 2, ending: time.Second}
	pr.start = func(ctx context.Context, edition, _ int) error {
		if edition > 1 && !sleep(ctx, time.Second) {
			return context.Cause(ctx)
		}
		return nil
	}
	withPress(t, 3, pr, Options[string]{QueueSize: -1, Recycle: Recycle{Lifetime: time.Minute}}, func(t *testing.T, p *testPool) {
		held := []Lease[string]{acquire(t, p), acquire(t, p), acquire(t, p)}
		clients := load(t, p, 2, 20*time.Millisecond)
		reloaded := later(func() error { return p.Reload(t.Context(), true) })
		pass(time.Second)
		wantEditions(t, p, 1, 1, 2)
		pass(2 * time.Minute) // all lifetimes are over
		wantEditions(t, p, 1, 1, 2)
		releaseLeaving(p, held)
		pass(3 * time.Second) // one ends, the next starts
		wantEditions(t, p, 1, 2, 2)
		releaseLeaving(p, held)
		pass(3 * time.Second)
		unanswered(t, reloaded)
		releaseLeaving(p, held)
		pass(2 * time.Second)
		wantErr(t, answered(t, reloaded), nil)
		if pr.mostLiving() != 4 {
			t.Errorf("there were %d processes at a time, want 4", pr.mostLiving())
		}
		pass(time.Minute)
		wantEditions(t, p, 2, 2, 2)
		clients.wantServed(t)
	})
}

// releaseLeaving gives back what processes on their way out are held by.
func releaseLeaving(p *testPool, held []Lease[string]) {
	for _, l := range held {
		p.dispatcher.mu.Lock()
		m := l.grant.place.member
		release := m.leaving && m.busy > 0
		p.dispatcher.mu.Unlock()
		if release {
			l.Release()
		}
	}
}

// The rest stays as it is; the next reload takes it along.
func TestRollingReloadThatTakesTooLong(t *testing.T) {
	pr := &press{slots: 2}
	withPress(t, 2, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		held := []Lease[string]{acquire(t, p), acquire(t, p)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wantErr(t, p.Reload(ctx, true), context.DeadlineExceeded)
		wantEditions(t, p, 1, 2)
		held[0].Release()
		held[1].Release()
		wantErr(t, p.Reload(t.Context(), true), nil)
		wantEditions(t, p, 3, 3)
		if pr.closings(1) != 1 || pr.closings(2) != 1 {
			t.Errorf("closed %d and %d times", pr.closings(1), pr.closings(2))
		}
	})
}

func TestOneReloadAtATime(t *testing.T) {
	pr := &press{start: slowSecond}
	withPress(t, 1, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		first := later(func() error { return p.Reload(t.Context(), false) })
		for _, rolling := range []bool{false, true} {
			wantErr(t, p.Reload(t.Context(), rolling), ErrReloading)
		}
		pass(time.Second)
		wantErr(t, answered(t, first), nil)
		wantErr(t, p.Reload(t.Context(), false), nil)
	})
}

func TestManyReloads(t *testing.T) {
	for _, rolling := range []bool{false, true} {
		pr := &press{slots: 2, ending: 3 * time.Millisecond}
		pr.start = func(context.Context, int, int) error { pass(7 * time.Millisecond); return nil }
		withPress(t, 4, pr, Options[string]{QueueSize: -1}, func(t *testing.T, p *testPool) {
			clients := load(t, p, 6, 10*time.Millisecond)
			for range 100 {
				wantErr(t, p.Reload(t.Context(), rolling), nil)
			}
			clients.wantServed(t)
			pass(time.Second)
			wantEditions(t, p, 101, 101, 101, 101)
			wantLoad(t, p, Load{Processes: 4, Idle: 8})
			checkIdle(t, p)
			if all := len(p.Members()); all != 4 {
				t.Errorf("%d processes are known, want 4", all)
			}
			for i := range 100 {
				if pr.closings(i+1) != 1 {
					t.Errorf("edition %d was closed %d times", i+1, pr.closings(i+1))
				}
			}
		})
	}
}

// The new code may be the remedy for the old, whose starts hang or fail.
func TestReloadOfCodeThatIsBroken(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
	for name, start := range map[string]func(ctx context.Context) error{
		"hangs": hang, "fails": func(context.Context) error { return errNoStart },
	} {
		for _, rolling := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				pr := &press{}
				pr.start = func(ctx context.Context, edition, nth int) error {
					if edition == 1 && nth > 1 {
						return start(ctx)
					}
					return nil
				}
				withPress(t, 2, pr, Options[string]{}, func(t *testing.T, p *testPool) {
					pass(time.Hour)
					pr.process(1, 0).die()
					pr.process(1, 1).die()
					pass(time.Hour)
					wantEditions(t, p)
					began := time.Now()
					wantErr(t, p.Reload(t.Context(), rolling), nil)
					wantEditions(t, p, 2, 2)
					if h := p.Health(); h != (Health{}) {
						t.Errorf("health %+v", h)
					}
					tries := len(pr.starts(1))
					pr.process(2, 0).die() // and its successor is not delayed for the sins of the old
					wantEditions(t, p, 2, 2)
					if took := time.Since(began); took != 0 || p.Health().Failing() {
						t.Errorf("took %s; %+v", took, p.Health())
					}
					pass(time.Hour)
					if len(pr.starts(1)) != tries {
						t.Error("the old code was tried again")
					}
					acquire(t, p)
				})
			})
		}
	}
}

// A seat whose process drains gets the new one at once.
func TestReloadDuringADrain(t *testing.T) {
	pr := &press{}
	withPress(t, 2, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		wantErr(t, p.Drain(t.Context(), 1, "test"), nil)
		wantErr(t, p.Drain(t.Context(), 2, "test"), nil)
		wantErr(t, p.Reload(t.Context(), false), nil)
		wantEditions(t, p, 2, 2)
		held.Release()
		pass(time.Hour)
		wantEditions(t, p, 2, 2)
		for _, m := range p.admitted() { // the seats heed orders as ever
			wantErr(t, p.Replace(t.Context(), m.number, "test"), nil)
		}
		wantEditions(t, p, 2, 2)
	})
}

func TestReloadWhileScaled(t *testing.T) {
	for _, rolling := range []bool{false, true} {
		for _, size := range []int{0, 1, 2, 5} {
			pr := &press{}
			pr.start = func(ctx context.Context, edition, _ int) error {
				if edition == 2 && !sleep(ctx, time.Second) {
					return context.Cause(ctx)
				}
				return nil
			}
			withPress(t, 3, pr, Options[string]{}, func(t *testing.T, p *testPool) {
				reloaded := later(func() error { return p.Reload(t.Context(), rolling) })
				wantErr(t, p.Scale(size), nil)
				pass(time.Minute)
				wantErr(t, answered(t, reloaded), nil)
				wantEditions(t, p, []int{2, 2, 2, 2, 2}[:size]...)
			})
		}
	}
}

// The first code hangs, and the operator sees why before the server has started.
func TestReloadDuringStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pr := &press{start: func(ctx context.Context, edition, _ int) error {
			if edition == 2 {
				return nil
			}
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		p := New(Options[string]{Size: 2, Generation: pr.edition, Logger: silent})
		started := later(func() error { return p.Start(t.Context()) })
		wantErr(t, p.Reload(t.Context(), false), nil)
		wantErr(t, answered(t, started), nil)
		wantLoad(t, p, Load{Processes: 2, Idle: 2})

		hanging := later(func() error { return p.Reload(t.Context(), false) })
		wantErr(t, p.Stop(t.Context()), nil)
		wantErr(t, answered(t, hanging), ErrClosed)
		pr.wantNothingLeft(t)
	})
}

// Stop waits for what a reload has begun, whenever it comes.
func TestStopDuringAReload(t *testing.T) {
	for _, rolling := range []bool{false, true} {
		for _, when := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 2500 * time.Millisecond} {
			for _, kill := range []bool{false, true} {
				pr := &press{ending: time.Second}
				pr.start = func(_ context.Context, edition, _ int) error {
					if edition > 1 {
						pass(time.Second) // whatever the context says
					}
					return nil
				}
				withPress(t, 3, pr, Options[string]{}, func(t *testing.T, p *testPool) {
					reloaded := later(func() error { return p.Reload(t.Context(), rolling) })
					pass(when)
					if kill {
						p.Kill("at once")
					} else {
						wantErr(t, p.Stop(t.Context()), nil)
					}
					if pr.living() != 0 {
						t.Errorf("%d processes live on", pr.living())
					}
					if err := answered(t, reloaded); (rolling || when < time.Second) && !errors.Is(err, ErrClosed) {
						t.Errorf("the reload ended with %v", err)
					}
					wantErr(t, p.Reload(t.Context(), rolling), ErrClosed)
					wantErr(t, p.Scale(5), ErrClosed)
				})
			}
		}
	}
}
