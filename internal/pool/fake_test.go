package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeProcess is a process without an operating system.
type fakeProcess struct {
	name   string
	slots  []string
	exited chan struct{}

	mu       sync.Mutex
	stubborn bool // does not end when it is stopped
	selfish  bool // its slots take one request at a time
	stopped  bool
	killed   []string // the reasons
	freed    bool     // CloseSlots was called
	memory   int64
	ending   time.Duration // how long it takes to end after a Stop
	dying    time.Duration // the same after a Kill
	onEnd    func()
}

var errDeath = errors.New("signal 9")

func newFake(name string, slots int) *fakeProcess {
	f := &fakeProcess{name: name, exited: make(chan struct{})}
	for i := range slots {
		f.slots = append(f.slots, fmt.Sprintf("%s%d", name, i))
	}
	return f
}

func (f *fakeProcess) Slots() []string         { return f.slots }
func (f *fakeProcess) Shares() bool            { return !f.selfish }
func (f *fakeProcess) Memory() (int64, error)  { f.mu.Lock(); defer f.mu.Unlock(); return f.memory, nil }
func (f *fakeProcess) Exited() <-chan struct{} { return f.exited }
func (f *fakeProcess) Death() error            { return errDeath }

func (f *fakeProcess) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	switch {
	case f.stubborn:
	case f.ending > 0:
		time.AfterFunc(f.ending, f.die)
	default:
		f.end()
	}
}

func (f *fakeProcess) Kill(reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.killed = append(f.killed, reason)
	if f.dying > 0 {
		time.AfterFunc(f.dying, f.die)
		return
	}
	f.end()
}

func (f *fakeProcess) CloseSlots() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.freed = closed(f.exited) // not before
}

// die ends the process by itself.
func (f *fakeProcess) die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end()
}

func (f *fakeProcess) end() {
	select {
	case <-f.exited:
	default:
		if f.onEnd != nil {
			f.onEnd()
		}
		close(f.exited)
	}
}

func (f *fakeProcess) wasKilled() bool  { f.mu.Lock(); defer f.mu.Unlock(); return len(f.killed) > 0 }
func (f *fakeProcess) wasStopped() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.stopped }
func (f *fakeProcess) wasFreed() bool   { f.mu.Lock(); defer f.mu.Unlock(); return f.freed }

// nursery makes fakes named "a", "b" and so on, and keeps when it made them.
type nursery struct {
	slots    int
	takes    time.Duration       // a start
	fail     func(nth int) error // of the nth start, from 0
	stubborn bool                // what it makes does not stop
	selfish  bool                // what it makes does not share
	deaf     bool                // a start does not end with its context

	mu     sync.Mutex
	born   []*fakeProcess
	tries  []time.Time
	closed int // generations
}

// generation is one that makes processes here.
func (n *nursery) generation() Generation[string] { return n }

func (n *nursery) Close() { n.mu.Lock(); n.closed++; n.mu.Unlock() }

func (n *nursery) Start(ctx context.Context) (Process[string], error) {
	n.mu.Lock()
	nth := len(n.tries)
	n.tries = append(n.tries, time.Now())
	n.mu.Unlock()
	if n.fail != nil {
		if err := n.fail(nth); err != nil {
			return nil, err
		}
	}
	if n.deaf {
		pass(n.takes)
	} else if !sleep(ctx, n.takes) {
		return nil, context.Cause(ctx)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	f := newFake(string(rune('a'+len(n.born))), n.slots)
	f.stubborn, f.selfish = n.stubborn, n.selfish
	n.born = append(n.born, f)
	return f, nil
}

func (n *nursery) process(i int) *fakeProcess { n.mu.Lock(); defer n.mu.Unlock(); return n.born[i] }
func (n *nursery) count() int                 { n.mu.Lock(); defer n.mu.Unlock(); return len(n.born) }

// gaps returns the time from each try to the next.
func (n *nursery) gaps() []time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	var gaps []time.Duration
	for i := 1; i < len(n.tries); i++ {
		gaps = append(gaps, n.tries[i].Sub(n.tries[i-1]))
	}
	return gaps
}

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// testPool is a pool that knows which leases a test has taken.
type testPool struct {
	*Pool[string]
	mu    sync.Mutex
	taken []*member[string]
}

func (p *testPool) Acquire(ctx context.Context, ask Ask) (Lease[string], error) {
	lease, err := p.Pool.Acquire(ctx, ask)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken = append(p.taken, lease.grant.place.member)
	}
	return lease, err
}

// end kills the pool and gives back what the test holds still.
func (p *testPool) end() {
	ended := make(chan struct{})
	go func() { p.Kill("the test is over"); close(ended) }()
	synctest.Wait()
	p.dispatcher.mu.Lock()
	for _, m := range p.taken {
		if m.busy > 0 {
			m.busy = 0
			m.checkDrained()
		}
	}
	p.dispatcher.mu.Unlock()
	<-ended
}

// inBubble runs body in virtual time with a started pool of size processes, and
// stops it afterwards.
func inBubble(t *testing.T, size int, n *nursery, opts Options[string], body func(t *testing.T, p *testPool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if n.slots == 0 {
			n.slots = 1
		}
		opts.Size, opts.Logger = size, silent
		if opts.Generation == nil {
			opts.Generation = n.generation
		}
		p := &testPool{Pool: New(opts)}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer p.end()
		synctest.Wait()
		body(t, p)
	})
}

// acquire takes a slot that must be free.
func acquire(t *testing.T, p *testPool) Lease[string] {
	t.Helper()
	return acquireFor(t, p, Ask{})
}

// acquireFor takes a place that must be free.
func acquireFor(t *testing.T, p *testPool, ask Ask) Lease[string] {
	t.Helper()
	r := got(t, enqueueFor(t.Context(), p, ask))
	if r.err != nil {
		t.Fatalf("Acquire: %v", r.err)
	}
	if r.lease.Waited != 0 {
		t.Errorf("waited %s, want a free slot", r.lease.Waited)
	}
	return r.lease
}

// result is what an Acquire in the background came to.
type result struct {
	lease Lease[string]
	err   error
}

// enqueue has a request wait in the queue, and returns when it does.
func enqueue(ctx context.Context, p *testPool) <-chan result { return enqueueFor(ctx, p, Ask{}) }

// enqueueFor has a request ask, and returns when it waits or has what it wants.
func enqueueFor(ctx context.Context, p *testPool, ask Ask) <-chan result {
	done := make(chan result, 1)
	go func() {
		lease, err := p.Acquire(ctx, ask)
		done <- result{lease, err}
	}()
	synctest.Wait()
	return done
}

// got returns the result, which must be there by now.
func got(t *testing.T, done <-chan result) result {
	t.Helper()
	synctest.Wait()
	select {
	case r := <-done:
		return r
	default:
		t.Fatal("the request still waits")
		return result{}
	}
}

func stillWaits(t *testing.T, done <-chan result) {
	t.Helper()
	synctest.Wait()
	select {
	case r := <-done:
		t.Fatalf("got %q, %v; want a request that waits", r.lease.Slot, r.err)
	default:
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func wantLoad(t *testing.T, p interface{ Load() Load }, want Load) {
	t.Helper()
	synctest.Wait()
	if have := p.Load(); have != want {
		t.Errorf("load %+v, want %+v", have, want)
	}
}

// pass lets virtual time go by; it takes no real time.
func pass(d time.Duration) { <-time.After(d) }

// memberOf is the process as a dispatcher knows it, without a seat.
func memberOf(f *fakeProcess) *member[string] {
	return newMember[string](f, &generation[string]{}, 0, Recycle{})
}

// sleep waits and reports whether ctx is still good.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// startedBy is a generation that is only a function.
func startedBy(start func(ctx context.Context) (Process[string], error)) func() Generation[string] {
	return func() Generation[string] { return starter(start) }
}

type starter func(ctx context.Context) (Process[string], error)

func (s starter) Start(ctx context.Context) (Process[string], error) { return s(ctx) }

func (s starter) Close() {}
