package worker

import (
	"context"
	"sync"
	"time"

	"highball/internal/wire"
)

// questions are what a worker's control thread was asked and has not answered.
type questions struct {
	mu   sync.Mutex
	last int64
	told int // answers so far
	open map[int64]chan map[string]any
}

func (q *questions) add() (id int64, answer <-chan map[string]any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open == nil {
		q.open = map[int64]chan map[string]any{}
	}
	q.last++
	ch := make(chan map[string]any, 1)
	q.open[q.last] = ch
	return q.last, ch
}

func (q *questions) drop(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, id)
}

// answer passes an answer to who waits for it, if anybody still does.
func (q *questions) answer(d map[string]any) {
	id, _ := d["id"].(int64)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.told++
	if ch := q.open[id]; ch != nil {
		ch <- d
		delete(q.open, id)
	}
}

func (q *questions) answers() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.told
}

// nextAnswer is how long a control thread that has many questions to answer, and does,
// may take from one to the next once the time of one of them is over.
const nextAnswer = 250 * time.Millisecond

// ask puts a question to the control thread. The context's error means that the
// thread does not answer, others neither: no Python code runs in the process.
func (w *Worker) ask(ctx context.Context, kind wire.Type, question map[string]any) (map[string]any, error) {
	before := w.questions.answers()
	id, answer := w.questions.add()
	defer w.questions.drop(id)
	question["id"] = id
	if err := w.control.send(kind, question); err != nil {
		return nil, w.slots[0].died(err)
	}
	var more <-chan time.Time
	over := ctx.Done()
	for {
		select {
		case d := <-answer:
			return d, nil
		case <-w.exited:
			return nil, ErrDied
		case <-over:
		case <-more:
		}
		told := w.questions.answers()
		if told == before {
			return nil, ctx.Err()
		}
		before, over, more = told, nil, time.After(nextAnswer)
	}
}

// Stack returns where the call's thread is; for the error see Worker.Stacks.
func (c *Call) Stack(ctx context.Context) (string, error) {
	return c.slot.worker.StackOf(ctx, c.slot.index)
}

// Interrupt has highball.RequestTimeout raised in the call's thread, if it still
// serves the call. It reports whether it will be.
func (c *Call) Interrupt(ctx context.Context, timeout time.Duration, requestID string) bool {
	d, err := c.slot.worker.ask(ctx, wire.TypeInterrupt, map[string]any{
		"slot": c.slot.index, "number": int64(c.number), "milliseconds": timeout.Milliseconds(), "request": requestID,
	})
	raised, _ := d["raised"].(bool)
	return err == nil && raised
}

// GiveUp has the hook worker_abort called, once for a worker, and returns when it has
// ended: the worker is about to be killed.
func (c *Call) GiveUp(ctx context.Context) error {
	_, err := c.slot.worker.ask(ctx, wire.TypeGiveUp, map[string]any{})
	return err
}
