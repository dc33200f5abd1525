package worker

import (
	"context"

	"highball/internal/wire"
)

// Thread is a Python thread and where it is.
type Thread struct {
	ID    int64
	Name  string
	Stack string // the outermost call first
}

// Stacks returns the stacks of all threads but the one that answers. The context's
// error means that the process does not answer: the interpreter's lock is held.
func (w *Worker) Stacks(ctx context.Context) ([]Thread, error) {
	d, err := w.ask(ctx, wire.TypeStacks, map[string]any{})
	if err != nil {
		return nil, err
	}
	return threads(d), nil
}

// StackOf returns where the thread of one slot is; for the error see Stacks.
func (w *Worker) StackOf(ctx context.Context, slot int) (string, error) {
	d, err := w.ask(ctx, wire.TypeStacks, map[string]any{"slot": slot})
	if err != nil {
		return "", err
	}
	for _, thread := range threads(d) {
		return thread.Stack, nil
	}
	return "", nil
}

func threads(answer map[string]any) (all []Thread) {
	stacks, _ := answer["stacks"].([]any)
	for _, s := range stacks {
		if fields, _ := s.([]any); len(fields) == 3 {
			id, _ := fields[0].(int64)
			all = append(all, Thread{id, text(fields[1]), text(fields[2])})
		}
	}
	return all
}

// Index is the number of the slot in its worker, from 0.
func (s *Slot) Index() int { return s.index }

// Worker is the process that the slot belongs to.
func (s *Slot) Worker() *Worker { return s.worker }
