package pool

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// line is who was sent to one slot: the first is served, the others wait.
type line []*call

// call is a request that was sent to a slot.
type call struct {
	alone bool
	turn  chan bool // false: taken back
}

// workers serves each slot's calls one after the other.
type workers struct {
	t     *testing.T
	mu    sync.Mutex
	lines map[string]line
	taken int
}

func (ws *workers) begin(slot string, alone bool) *call {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c := &call{alone: alone, turn: make(chan bool, 1)}
	l := ws.lines[slot]
	switch {
	case len(l) == 0:
		c.turn <- true
	case alone || l[0].alone:
		ws.t.Errorf("%s: a request that goes alone does not", slot)
	case len(l) >= maxRequests:
		ws.t.Errorf("%s has %d requests", slot, len(l)+1)
	}
	ws.lines[slot] = append(l, c)
	return c
}

func (ws *workers) end(slot string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.lines[slot] = ws.lines[slot][1:]
	if l := ws.lines[slot]; len(l) > 0 {
		l[0].turn <- true
	}
}

func (ws *workers) takeBack(slot string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	l := ws.lines[slot]
	if len(l) == 0 {
		return
	}
	for _, c := range l[1:] {
		c.turn <- false
		ws.taken++
	}
	ws.lines[slot] = l[:1]
}

// serve has one request served, and says whether it was.
func (ws *workers) serve(ctx context.Context, p *testPool, ask Ask, takes time.Duration) error {
	for {
		lease, err := p.Acquire(ctx, ask)
		if err != nil {
			return err
		}
		c := ws.begin(lease.Slot, ask.Cost == 0)
		began := time.Now()
		if <-c.turn {
			// Each of those before it was short, or stuck for no longer than two looks.
			if waited := time.Since(began); waited > (maxRequests+2)*patience {
				ws.t.Errorf("a turn came after %s", waited)
			}
			pass(takes)
			ws.end(lease.Slot)
			lease.Release()
			return nil
		}
		lease.Release()
		ask.Again = true
	}
}

// client sends requests: short ones, of which some are not, and long ones; and
// leaves now and then.
func (ws *workers) client(t *testing.T, p *testPool, random *rand.Rand) {
	for range 200 {
		ask, takes := Ask{}, time.Duration(random.Int64N(int64(2*time.Millisecond)))
		if random.IntN(4) > 0 {
			ask.Cost = 1 + time.Duration(random.Int64N(int64(Ahead)))
			takes = ask.Cost
			if random.IntN(50) == 0 {
				takes = 100 * patience
			}
		}
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if random.IntN(10) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(random.Int64N(int64(patience))))
		}
		err := ws.serve(ctx, p, ask, takes)
		cancel()
		if err != nil && !errors.Is(err, ErrQueueFull) && !errors.Is(err, ErrQueueTimeout) && !errors.Is(err, ErrFailing) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		pass(time.Duration(random.Int64N(int64(200 * us))))
	}
}

// Whatever happens, every slot is idle once when all is over, and nothing is left
// in the queue.
func TestStress(t *testing.T) {
	for name, c := range map[string]struct {
		processes, slots, clients int
		opts                      Options[string]
		deaths                    int
	}{
		"one slot":           {1, 1, 20, Options[string]{QueueSize: 100}, 0},
		"many slots":         {3, 4, 100, Options[string]{QueueSize: 200}, 0},
		"no queue":           {2, 3, 50, Options[string]{QueueSize: -1}, 0},
		"short queue":        {2, 3, 50, Options[string]{QueueSize: 5}, 0},
		"impatient queue":    {2, 3, 100, Options[string]{QueueSize: 90, QueueTimeout: 3 * patience}, 0},
		"dying processes":    {3, 4, 50, Options[string]{QueueSize: 100}, 20},
		"more than can be":   {2, 2, 200, Options[string]{QueueSize: 1000}, 0},
		"nothing taken back": {2, 3, 50, Options[string]{QueueSize: 100}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			ws := &workers{t: t, lines: map[string]line{}}
			if name != "nothing taken back" {
				c.opts.TakeBack = ws.takeBack
			}
			n := &nursery{slots: c.slots}
			inBubble(t, c.processes, n, c.opts, func(t *testing.T, p *testPool) {
				var clients sync.WaitGroup
				for i := range c.clients {
					clients.Go(func() { ws.client(t, p, rand.New(rand.NewPCG(seed, uint64(i)))) })
				}
				for i := range c.deaths {
					pass(5 * time.Millisecond)
					n.process(i % n.count()).die()
				}
				clients.Wait()
				pass(2 * maxDelay) // the replacements are there
				wantLoad(t, p, Load{Processes: c.processes, Idle: c.processes * c.slots})
				checkIdle(t, p)
				for i := range n.count() {
					if f := n.process(i); closed(f.exited) != f.wasFreed() {
						t.Errorf("process %s: exited %v, freed %v", f.name, closed(f.exited), f.wasFreed())
					}
				}
				if (ws.taken == 0) != (p.takeBack == nil) {
					t.Errorf("%d requests were taken back", ws.taken)
				}
			})
		})
	}
}
