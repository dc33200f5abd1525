package h2

import "sync"

// mostIdle bounds the goroutines that wait for work.
const mostIdle = 256

// task is what a goroutine of the crew does.
type task interface{ do() }

// crew are goroutines that serve again, so that their stacks need not grow again for
// each request.
type crew struct {
	mu    sync.Mutex
	idle  []*hand
	conns int // that may have work for it
}

type hand struct{ next chan task }

// run has t done by somebody.
func (w *crew) run(t task) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		h := w.idle[n-1]
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		h.next <- t
		return
	}
	w.mu.Unlock()
	go w.work(t)
}

func (w *crew) work(t task) {
	t.do()
	h := &hand{make(chan task, 1)}
	for w.rest(h) {
		if t = <-h.next; t == nil {
			return
		}
		t.do()
	}
}

// rest says whether a goroutine is to wait for more.
func (w *crew) rest(h *hand) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == 0 || len(w.idle) == mostIdle {
		return false
	}
	w.idle = append(w.idle, h)
	return true
}

func (w *crew) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns++
}

// part ends those that wait, when no connection is left.
func (w *crew) part() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns--; w.conns > 0 {
		return
	}
	for _, h := range w.idle {
		h.next <- nil
	}
	w.idle = nil
}
