package pool

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

// unsteady starts take long, fail or hang now and then.
func unsteady(ctx context.Context, edition, nth int) error {
	r := rand.IntN(40)
	switch {
	case edition == 1 && nth < 3: // the pool's own start
		return nil
	case r == 0:
		<-ctx.Done()
		return context.Cause(ctx)
	case r < 5:
		return errNoStart
	case r < 10: // whatever the context says
		pass(20 * ms)
		return nil
	case !sleep(ctx, time.Duration(r)*ms):
		return context.Cause(ctx)
	}
	return nil
}

// Whatever is done to the pool, at whatever time: in the end nothing is left, and
// nobody was refused but for an overload.
func TestChaos(t *testing.T) {
	for range 10 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		pr := &press{slots: 2, ending: 5 * ms, start: unsteady}
		opts := Options[string]{QueueSize: 100, Recycle: Recycle{Requests: 20, Jitter: 20, Lifetime: time.Second, Memory: 10}}
		withPress(t, 3, pr, opts, func(t *testing.T, p *testPool) {
			t.Logf("seed %d", seed)
			clients := load(t, p, 10, 30*ms)
			for range 300 {
				pass(time.Duration(random.IntN(15)) * ms)
				doAnything(t.Context(), p, random)
			}
			pass(time.Second)
			if random.IntN(2) == 0 {
				p.Kill("enough")
			} else {
				wantErr(t, p.Stop(t.Context()), nil)
			}
			clients.stop()
			clients.clients.Wait()
			for _, err := range clients.errs {
				if !IsOverload(err) {
					t.Errorf("got %v", err)
				}
			}
			if pr.living() != 0 || len(p.Members()) != 0 || clients.served == 0 {
				t.Errorf("%d processes live, %d are known, %d requests were served", pr.living(), len(p.Members()), clients.served)
			}
		})
	}
}

// doAnything does to the pool what may happen to it.
func doAnything(ctx context.Context, p *testPool, random *rand.Rand) {
	ctx, stop := context.WithCancel(ctx)
	time.AfterFunc(time.Duration(random.IntN(200))*ms, stop)
	members := p.admitted()
	if len(members) == 0 {
		_ = p.Scale(1 + random.IntN(4))
		return
	}
	m := members[random.IntN(len(members))]
	switch random.IntN(8) {
	case 0:
		go p.Reload(ctx, false)
	case 1:
		go p.Reload(ctx, true)
	case 2:
		_ = p.Scale(random.IntN(5))
	case 3:
		go p.Replace(ctx, m.number, "chaos")
	case 4:
		go p.Drain(ctx, m.number, "chaos")
	case 5:
		m.process.(*fakeProcess).die()
	case 6:
		f := m.process.(*fakeProcess)
		f.mu.Lock()
		f.memory = int64(random.IntN(20))
		f.mu.Unlock()
	case 7:
		go condemnOne(ctx, p)
	}
}

// condemnOne has a request that does not end until its process is killed.
func condemnOne(ctx context.Context, p *testPool) {
	l, err := p.Pool.Acquire(ctx, Ask{})
	if err != nil {
		return
	}
	pass(5 * ms)
	l.Condemn("chaos")
	<-fakeOf(l).exited
	l.Release()
}
