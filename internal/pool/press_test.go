package pool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// press makes editions of the code, each with processes of its own, and checks in
// the end that nothing of them is left.
type press struct {
	slots  int
	ending time.Duration                                     // of a process after a Stop
	dying  time.Duration                                     // and after a Kill
	start  func(ctx context.Context, edition, nth int) error // may wait; from 1 and from 0

	mu       sync.Mutex
	editions []*edition
	alive    int // processes
	most     int // of these, ever
}

type edition struct {
	press  *press
	number int
	tries  []time.Time
	born   []*fakeProcess
	alive  int
	closed int
	early  bool // closed while a process lived
}

func (pr *press) edition() Generation[string] {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	e := &edition{press: pr, number: len(pr.editions) + 1}
	pr.editions = append(pr.editions, e)
	return e
}

func (e *edition) Start(ctx context.Context) (Process[string], error) {
	pr := e.press
	pr.mu.Lock()
	nth := len(e.tries)
	e.tries = append(e.tries, time.Now())
	pr.mu.Unlock()
	if pr.start != nil {
		if err := pr.start(ctx, e.number, nth); err != nil {
			return nil, err
		}
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	f := newFake(fmt.Sprintf("%d.%d.", e.number, len(e.born)), max(pr.slots, 1))
	f.ending, f.dying = pr.ending, pr.dying
	f.onEnd = func() { pr.mu.Lock(); defer pr.mu.Unlock(); e.alive--; pr.alive-- }
	e.born = append(e.born, f)
	e.alive++
	pr.alive++
	pr.most = max(pr.most, pr.alive)
	return f, nil
}

func (e *edition) Close() {
	e.press.mu.Lock()
	defer e.press.mu.Unlock()
	e.closed++
	e.early = e.early || e.alive > 0
}

// process returns the nth process of an edition.
func (pr *press) process(edition, nth int) *fakeProcess {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	return pr.editions[edition-1].born[nth]
}

func (pr *press) closings(edition int) int {
	synctest.Wait()
	pr.mu.Lock()
	defer pr.mu.Unlock()
	return pr.editions[edition-1].closed
}

func (pr *press) starts(edition int) []time.Time {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	return pr.editions[edition-1].tries
}

// living is how many processes there are, and mostLiving how many there ever were.
func (pr *press) living() int { pr.mu.Lock(); defer pr.mu.Unlock(); return pr.alive }

func (pr *press) mostLiving() int { pr.mu.Lock(); defer pr.mu.Unlock(); return pr.most }

// wantNothingLeft fails unless all has ended, in order and once.
func (pr *press) wantNothingLeft(t *testing.T) {
	t.Helper()
	pr.mu.Lock()
	defer pr.mu.Unlock()
	for _, e := range pr.editions {
		if e.closed != 1 || e.early {
			t.Errorf("edition %d: closed %d times, early: %t", e.number, e.closed, e.early)
		}
		for _, f := range e.born {
			if !closed(f.exited) || !f.wasFreed() {
				t.Errorf("process %s: ended: %t, freed: %t", f.name, closed(f.exited), f.wasFreed())
			}
		}
	}
}

// withPress runs body with a pool whose generations are the press's.
func withPress(t *testing.T, size int, pr *press, opts Options[string], body func(t *testing.T, p *testPool)) {
	t.Helper()
	opts.Generation = pr.edition
	inBubble(t, size, &nursery{}, opts, func(t *testing.T, p *testPool) {
		t.Cleanup(func() { pr.wantNothingLeft(t) }) // after the pool's end
		body(t, p)
	})
}

// fakeOf is the process that a lease is of.
func fakeOf(l Lease[string]) *fakeProcess { return l.grant.place.member.process.(*fakeProcess) }

// later runs do in the background.
func later(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	synctest.Wait()
	return done
}

func answered(t *testing.T, done <-chan error) error {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		return err
	default:
		t.Fatal("it is still going on")
		return nil
	}
}

func unanswered(t *testing.T, done <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		t.Fatalf("it came to an end: %v", err)
	default:
	}
}

// wantEditions fails unless the processes that take requests are of these editions.
func wantEditions(t *testing.T, p *testPool, want ...int) {
	t.Helper()
	synctest.Wait()
	var have []int
	for _, m := range p.Members() {
		if !m.Leaving {
			have = append(have, m.Generation)
		}
	}
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Fatalf("processes of the editions %v, want %v", have, want)
	}
}

// busyness is a load of clients that hold their leases for random times.
type busyness struct {
	stop    context.CancelFunc
	clients sync.WaitGroup
	mu      sync.Mutex
	served  int
	errs    []error
	waited  time.Duration // the longest
}

func load(t *testing.T, p *testPool, clients int, longest time.Duration) *busyness {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	ctx, stop := context.WithCancel(t.Context())
	b := &busyness{stop: stop}
	t.Cleanup(b.clients.Wait)
	for i := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		b.clients.Go(func() {
			for ctx.Err() == nil {
				l, err := p.Pool.Acquire(t.Context(), Ask{})
				b.note(l, err)
				if err == nil {
					pass(time.Duration(random.Int64N(int64(longest))))
					l.Release()
				}
				pass(time.Duration(random.Int64N(int64(5 * time.Millisecond))))
			}
		})
	}
	return b
}

func (b *busyness) note(l Lease[string], err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.served++
	b.waited = max(b.waited, l.Waited)
}

// wantServed ends the load, of which nothing must have been refused.
func (b *busyness) wantServed(t *testing.T) {
	t.Helper()
	b.stop()
	b.clients.Wait()
	if len(b.errs) > 0 || b.waited > 0 || b.served == 0 {
		t.Errorf("%d requests served, the longest wait %s; refused: %v", b.served, b.waited, b.errs)
	}
}
