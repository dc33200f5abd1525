package pool

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestScale(t *testing.T) {
	pr := &press{slots: 1, start: takesASecond(2)}
	withPress(t, 2, pr, Options[string]{QueueSize: 5}, func(t *testing.T, p *testPool) {
		held := []Lease[string]{acquire(t, p), acquire(t, p)}
		waiting := []<-chan result{enqueue(t.Context(), p), enqueue(t.Context(), p)}
		wantErr(t, p.Scale(4), nil)
		pass(time.Second) // both at once
		got(t, waiting[0]).lease.Release()
		got(t, waiting[1]).lease.Release()
		wantNumbers(t, p, 1, 2, 3, 4)

		wantErr(t, p.Scale(0), nil)
		wantLoad(t, p, Load{})
		if p.Size() != 0 || fakeOf(held[0]).wasStopped() {
			t.Errorf("size %d, stopped amid a request: %t", p.Size(), fakeOf(held[0]).wasStopped())
		}
		held[0].Release()
		held[1].Release()
		pass(time.Hour)
		if pr.living() != 0 || len(p.Members()) != 0 {
			t.Errorf("%d processes live, %d are known", pr.living(), len(p.Members()))
		}
		waiting = []<-chan result{enqueue(t.Context(), p), enqueue(t.Context(), p)}
		wantErr(t, p.Reload(t.Context(), false), nil) // of none
		wantErr(t, p.Reload(t.Context(), true), nil)
		pass(time.Hour)
		stillWaits(t, waiting[0])
		wantErr(t, p.Scale(1), nil)
		pass(time.Second)
		got(t, waiting[0]).lease.Release()
		got(t, waiting[1]).lease.Release()
		wantEditions(t, p, 3)
		if err := p.Scale(-1); err == nil {
			t.Error("no error")
		}
	})
}

// Seats that are given up in the middle of a start, of a delay or of a replacement.
func TestScaleDownAtAnyTime(t *testing.T) {
	for name, start := range map[string]func(ctx context.Context, nth int) error{
		"starting": func(ctx context.Context, _ int) error { <-ctx.Done(); return context.Cause(ctx) },
		"deaf":     func(context.Context, int) error { pass(time.Minute); return nil },
		"delayed":  func(context.Context, int) error { return errNoStart },
	} {
		t.Run(name, func(t *testing.T) {
			pr := &press{start: func(ctx context.Context, _, nth int) error {
				if nth < 2 {
					return nil
				}
				return start(ctx, nth)
			}}
			withPress(t, 2, pr, Options[string]{}, func(t *testing.T, p *testPool) {
				pr.process(1, 0).die()
				replaced := later(func() error { return p.Replace(t.Context(), p.admitted()[0].number, "test") })
				pass(time.Second)
				wantErr(t, p.Scale(0), nil)
				if err := answered(t, replaced); err == nil {
					t.Error("replaced in spite of all")
				}
				pass(2 * time.Minute)
				if pr.living() != 0 {
					t.Errorf("%d processes are left", pr.living())
				}
			})
		})
	}
}

// A pool may begin with nothing, and not be used before its Start or after its end.
func TestPoolOfNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pr := &press{}
		p := New(Options[string]{Generation: pr.edition, Logger: silent, QueueSize: 1, Recycle: Recycle{Memory: 1, Total: 1}})
		wantErr(t, p.Scale(1), ErrClosed)
		wantErr(t, p.Reload(t.Context(), false), ErrClosed)
		wantErr(t, p.Start(t.Context()), nil)
		pass(time.Minute)
		wantErr(t, p.Scale(1), nil)
		l, err := p.Acquire(t.Context(), Ask{})
		wantErr(t, err, nil)
		l.Release()
		wantErr(t, p.Scale(0), nil)
		synctest.Wait()
		wantErr(t, p.Stop(t.Context()), nil)
		wantErr(t, p.Scale(1), ErrClosed)
		pr.wantNothingLeft(t)
	})
}

func TestDrain(t *testing.T) {
	pr := &press{slots: 2, start: takesASecond(2), ending: time.Second}
	withPress(t, 2, pr, Options[string]{QueueSize: 5, Recycle: Recycle{Requests: 1}}, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		number := held.grant.place.member.number
		wantErr(t, p.Drain(t.Context(), number, "test"), nil)
		wantLoad(t, p, Load{Processes: 1, Idle: 2})
		if err := p.Drain(t.Context(), number, "test"); err == nil || errors.Is(err, ErrNoProcess) {
			t.Errorf("of one that is leaving: %v", err)
		}
		wantErr(t, p.Replace(t.Context(), 100, "test"), ErrNoProcess)
		pass(time.Hour)
		if n := len(pr.starts(1)); n != 2 {
			t.Errorf("%d starts, want none before the end of the request", n)
		}
		held.Release()
		pass(time.Second - 1)
		if n := len(pr.starts(1)); n != 2 {
			t.Errorf("%d starts, want none before the end of the process", n)
		}
		pass(1)
		pass(time.Second)
		wantLoad(t, p, Load{Processes: 2, Idle: 4})
		for range 5 { // nor do young ones count as failures
			wantErr(t, p.Drain(t.Context(), p.admitted()[0].number, "test"), nil)
			pass(2 * time.Second)
			wantLoad(t, p, Load{Processes: 2, Idle: 4})
		}
		if h := p.Health(); h.Failures > 0 {
			t.Errorf("health %+v", h)
		}
	})
}

func TestDrainTimeoutKills(t *testing.T) {
	for name, out := range map[string]func(t *testing.T, p *testPool) error{
		"reload":  func(t *testing.T, p *testPool) error { return p.Reload(t.Context(), false) },
		"replace": func(t *testing.T, p *testPool) error { return p.Replace(t.Context(), 1, "a test") },
		"drain":   func(t *testing.T, p *testPool) error { return p.Drain(t.Context(), 1, "a test") },
		"scale":   func(_ *testing.T, p *testPool) error { return p.Scale(0) },
	} {
		t.Run(name, func(t *testing.T) {
			withPress(t, 1, &press{}, Options[string]{DrainTimeout: time.Minute}, func(t *testing.T, p *testPool) {
				held := acquire(t, p)
				f := fakeOf(held)
				wantErr(t, out(t, p), nil)
				pass(time.Minute - 1)
				synctest.Wait()
				if f.wasKilled() {
					t.Fatal("killed before its time")
				}
				pass(1)
				synctest.Wait()
				if !f.wasKilled() || strings.HasSuffix(f.killed[0], ": ") || f.wasFreed() {
					t.Errorf("killed for %q, freed: %t", f.killed, f.wasFreed())
				}
				held.Release()
				synctest.Wait()
				if !f.wasFreed() {
					t.Error("not freed")
				}
			})
		})
	}
}

func TestReplace(t *testing.T) {
	pr := &press{slots: 2, start: takesASecond(2)}
	withPress(t, 2, pr, Options[string]{QueueSize: -1}, func(t *testing.T, p *testPool) {
		one := later(func() error { return p.Replace(t.Context(), 1, "test") })
		same := later(func() error { return p.Replace(t.Context(), 1, "test") })
		other := later(func() error { return p.Replace(t.Context(), 2, "test") })
		pass(time.Second)
		wantErr(t, answered(t, one), nil)
		wantErr(t, answered(t, same), nil)
		unanswered(t, other)
		pass(time.Second)
		wantErr(t, answered(t, other), nil)
		wantNumbers(t, p, 3, 4)
		if len(pr.starts(1)) != 4 {
			t.Errorf("%d starts", len(pr.starts(1)))
		}
	})
}

// Who waits no longer for a replacement does not keep others from theirs.
func TestReplaceThatIsGivenUp(t *testing.T) {
	pr := &press{start: func(ctx context.Context, _, nth int) error {
		if nth == 2 {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		return nil
	}}
	withPress(t, 2, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, p.Replace(ctx, 1, "test"), context.DeadlineExceeded)
		wantErr(t, p.Replace(t.Context(), 2, "test"), nil)
		wantNumbers(t, p, 1, 3)
		if h := p.Health(); h.Failures > 0 {
			t.Errorf("health %+v", h)
		}
	})
}

// A drain means that there are not to be two.
func TestDrainDuringAReplacement(t *testing.T) {
	pr := &press{start: takesASecond(1)}
	withPress(t, 1, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		held := acquire(t, p)
		replaced := later(func() error { return p.Replace(t.Context(), 1, "test") })
		wantErr(t, p.Drain(t.Context(), 1, "test"), nil)
		if err := answered(t, replaced); err == nil {
			t.Error("no error")
		}
		pass(time.Minute)
		wantNumbers(t, p)
		held.Release()
		pass(time.Second)
		wantNumbers(t, p, 2)
	})
}

// One that fails is not tried again: who asked for it knows.
func TestReplaceThatFails(t *testing.T) {
	pr := &press{start: func(_ context.Context, _, nth int) error {
		if nth > 0 {
			return errNoStart
		}
		return nil
	}}
	withPress(t, 1, pr, Options[string]{}, func(t *testing.T, p *testPool) {
		wantErr(t, p.Replace(t.Context(), 1, "test"), errNoStart)
		pass(time.Hour)
		wantNumbers(t, p, 1)
		if len(pr.starts(1)) != 2 {
			t.Errorf("%d starts", len(pr.starts(1)))
		}
	})
}

// A replacement that hangs keeps nothing else from being done: not the requests,
// whose number has reached the limit, nor the orders that come.
func TestReplacementThatHangs(t *testing.T) {
	pr := &press{slots: 2}
	pr.start = func(ctx context.Context, edition, nth int) error {
		if edition == 1 && nth > 1 {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		return nil
	}
	withPress(t, 2, pr, Options[string]{QueueSize: -1, Recycle: Recycle{Requests: 4}}, func(t *testing.T, p *testPool) {
		pass(time.Hour)
		var asked []<-chan error
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			for number := range 2 {
				asked = append(asked, later(func() error { return p.Replace(ctx, number+1, "test") }))
			}
		}
		serve(t, p, 30)
		pass(time.Second)
		for _, a := range asked {
			if err := answered(t, a); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		serve(t, p, 30)
		held := acquire(t, p)
		wantErr(t, p.Drain(t.Context(), held.grant.place.member.number, "test"), nil)
		serve(t, p, 30)
		held.Release()
		wantErr(t, p.Reload(t.Context(), false), nil)
		wantEditions(t, p, 2, 2)
	})
}
