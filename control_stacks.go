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
func (t *target) Requests(ctx context.Context) (requests []control.Request) {
	var flights []gateway.Flight
	var owners []*Server
	add := func(s *Server) {
		for _, f := range s.gateway.InFlight() {
			flights, owners = append(flights, f), append(owners, s)
		}
	}
	if len(t.s.apps) > 0 {
		add(t.s) // what is no application's
	}
	for _, app := range t.s.each() {
		add(app)
	}
	requests = make([]control.Request, len(flights))
	var dumps dumps
	var wg sync.WaitGroup
	for i, f := range flights {
		r := &requests[i]
		*r = control.Request{
			ID: f.ID, App: owners[i].name, Method: f.Method, Path: f.Path, Client: f.Client, State: requestStates[f.State],
			AgeMS: time.Since(f.Began).Milliseconds(), QueuedMS: f.Queued.Milliseconds(),
		}
		place, ok := f.Slot.(slot)
		if !ok {
			continue
		}
		w := place.Worker()
		r.PID, r.Slot, r.Worker = w.PID(), place.Index(), owners[i].number(w)
		wg.Go(func() { stackOf(ctx, w, r, &dumps) })
	}
	wg.Wait()
	return requests
}

func stackOf(ctx context.Context, w *worker.Worker, r *control.Request, dumps *dumps) {
	r.Mute = isMute(ctx, func(ctx context.Context) (err error) {
		r.Stack, err = w.StackOf(ctx, r.Slot)
		return err
	})
	if r.Mute {
		r.Dump = dumps.of(ctx, w)
	}
}

var requestStates = map[int32]string{
	gateway.Receiving: control.RequestReceiving, gateway.Queued: control.RequestQueued,
	gateway.Running: control.RequestRunning, gateway.Sending: control.RequestSending,
}

// number is what the pool counts a worker as; 0 if it has ended.
func (s *Server) number(w *worker.Worker) int {
	for _, m := range s.pool.Members() {
		if m.Process == pool.Process[*worker.Slot](w) {
			return m.Number
		}
	}
	return 0
}

// Stacks are the threads of each worker. One that does not answer is mute: the
// interpreter's lock is held.
func (t *target) Stacks(ctx context.Context) (all []control.Stacks) {
	var processes []*worker.Worker
	for _, app := range t.s.each() {
		for _, m := range app.pool.Members() {
			if w, ok := m.Process.(*worker.Worker); ok {
				processes = append(processes, w)
				all = append(all, control.Stacks{Worker: m.Number, App: app.name, PID: w.PID()})
			}
		}
	}
	var wg sync.WaitGroup
	for i, w := range processes {
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
