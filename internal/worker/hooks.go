package worker

import (
	"context"
	"sync"

	"highball/internal/wire"
)

// Beginning is what a zygote is told when it loads, for the sake of its hooks.
type Beginning struct {
	Workers int  // that are to be kept
	Before  int  // as many were there before a reload; 0: there were none
	Reload  bool // it takes the place of another in a reload
	Listens bool // the server listens, and no other zygote has its place
	forked  int  // workers, of all zygotes so far
}

func (b Beginning) tell(config map[string]any) {
	config["workers"] = b.Workers
	config["workers_before"] = b.Before
	config["reload"] = b.Reload
	config["listens"] = b.Listens
	config["forked"] = b.forked
}

// hooks are what the hooks of a factory's zygotes are to know. Its lock is never held
// for long: a zygote may take its time.
type hooks struct {
	mu     sync.Mutex
	begin  Beginning
	zygote *zygote // nil: it is not up
}

func (h *hooks) beginning() Beginning {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begin
}

// isUp notes a zygote that was told of begin, and tells it what has changed since.
// Another that has to be made in its place belongs to no reload.
func (h *hooks) isUp(z *zygote, begin Beginning) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.zygote = z
	h.begin.Reload, h.begin.Before = false, 0
	if h.begin.Workers != begin.Workers {
		z.resized(h.begin.Workers)
	}
}

func (h *hooks) isGone() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.zygote = nil
}

// Resized tells the hooks how many workers are to be kept from now on. It waits for none.
func (f *Factory) Resized(workers int) {
	h := &f.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin.Workers = workers
	if h.zygote != nil {
		h.zygote.resized(workers)
	}
}

// Listens has when_ready called: no other zygote has this one's place any more.
func (f *Factory) Listens(ctx context.Context) error {
	f.hooks.mu.Lock()
	told := f.hooks.begin.Listens
	f.hooks.begin.Listens = true
	f.hooks.mu.Unlock()
	if told {
		return nil
	}
	return f.Hook(ctx, "when_ready")
}

// Hook calls a hook in the zygote, if there is one, and returns when it has ended. A
// *LoadError says how it failed.
func (f *Factory) Hook(ctx context.Context, name string) error {
	f.hooks.mu.Lock()
	z := f.hooks.zygote
	f.hooks.mu.Unlock()
	if z == nil {
		return nil
	}
	return z.hook(ctx, name)
}

func (z *zygote) resized(workers int) {
	// One that does not listen is gone, and the next one learns it from the beginning.
	_ = z.channel.send(wire.TypeHook, map[string]any{"id": 0, "name": "nworkers_changed", "new": workers})
}

func (z *zygote) hook(ctx context.Context, name string) error {
	id, answer := z.questions.add()
	defer z.questions.drop(id)
	if err := z.channel.send(wire.TypeHook, map[string]any{"id": id, "name": name}); err != nil {
		return err
	}
	select {
	case d := <-answer:
		if failure, ok := d["failure"].(map[string]any); ok {
			return loadError(failure)
		}
		return nil
	case <-z.gone:
		return errZygoteGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Interrupt has the hooks worker_int and worker_exit called, if there are any: the worker
// is about to be killed, though its requests have not ended. It returns when they have
// ended, or ctx has.
func (w *Worker) Interrupt(ctx context.Context) {
	if w.interrupts {
		_, _ = w.ask(ctx, wire.TypeHook, map[string]any{"name": "worker_int"})
	}
}
