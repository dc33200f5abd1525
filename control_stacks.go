package highball

import (
	"context"
	"errors"
	"sync"
	"time"

	"highball/internal/control"
	"highball/internal/gateway"
	"highball/internal/pool"
	"highball/internal/worker"
)

// muteAfter is how long a worker's control thread may take to answer. It leaves
// time for a dump.
const muteAfter = 2 * time.Second

// Requests are those that are being served, each with the stack of its thread.
func (t *target) Requests(ctx context.Context) []control.Request {
	flights := t.s.gateway.InFlight()
	requests := make([]control.Request, len(flights))
	var dumps dumps
	var wg sync.WaitGroup
	for i, f := range flights {
		r := &requests[i]
		*r = control.Request{
			ID: f.ID, Method: f.Method, Path: f.Path, Client: f.Client, State: requestStates[f.State],
			AgeMS: time.Since(f.Began).Milliseconds(), QueuedMS: f.Queued.Milliseconds(),
		}
		place, ok := f.Slot.(slot)
		if !ok {
			continue
		}
		w := place.Worker()
		r.PID, r.Slot, r.Worker = w.PID(), place.Index(), t.number(w)
		wg.Go(func() {
			r.Mute = isMute(ctx, func(ctx context.Context) (err error) {
				r.Stack, err = w.StackOf(ctx, r.Slot)
				return err
			})
			if r.Mute {
				r.Dump = dumps.of(ctx, w)
			}
		})
	}
	wg.Wait()
	return requests
}

var requestStates = map[int32]string{
	gateway.Receiving: control.RequestReceiving, gateway.Queued: control.RequestQueued,
	gateway.Running: control.RequestRunning, gateway.Sending: control.RequestSending,
}

// number is what the pool counts a worker as; 0 if it has ended.
func (t *target) number(w *worker.Worker) int {
	for _, m := range t.s.pool.Members() {
		if m.Process == pool.Process[*worker.Slot](w) {
			return m.Number
		}
	}
	return 0
}

// Stacks are the threads of each worker. One that does not answer is mute: the
// interpreter's lock is held.
func (t *target) Stacks(ctx context.Context) []control.Stacks {
	members := t.s.pool.Members()
	all := make([]control.Stacks, len(members))
	var wg sync.WaitGroup
	for i, m := range members {
		w, ok := m.Process.(*worker.Worker)
		if !ok {
			continue
		}
		all[i] = control.Stacks{Worker: m.Number, PID: w.PID()}
		wg.Go(func() { stacksOf(ctx, w, &all[i]) })
	}
	wg.Wait()
	return all
}

func stacksOf(ctx context.Context, w *worker.Worker, s *control.Stacks) {
	var threads []worker.Thread
	s.Mute = isMute(ctx, func(ctx context.Context) (err error) {
		threads, err = w.Stacks(ctx)
		return err
	})
	for _, thread := range threads {
		s.Threads = append(s.Threads, control.Thread(thread))
	}
	if s.Mute {
		s.Dump = w.DumpStacks(ctx)
	}
}

// isMute says whether a question to a worker's control thread finds no answer. One
// that has died is not mute.
func isMute(ctx context.Context, question func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, muteAfter)
	defer cancel()
	return errors.Is(question(ctx), context.DeadlineExceeded)
}

// dumps has each worker write one dump for all its requests.
type dumps struct {
	mu    sync.Mutex
	texts map[*worker.Worker]func() string
}

func (d *dumps) of(ctx context.Context, w *worker.Worker) string {
	d.mu.Lock()
	text := d.texts[w]
	if text == nil {
		if d.texts == nil {
			d.texts = map[*worker.Worker]func() string{}
		}
		text = sync.OnceValue(func() string { return w.DumpStacks(ctx) })
		d.texts[w] = text
	}
	d.mu.Unlock()
	return text()
}
