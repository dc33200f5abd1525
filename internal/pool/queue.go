package pool

import (
	"container/list"
	"time"
)

// waiter is a request in the queue.
type waiter[S any] struct {
	granted chan grant[S] // takes one; closed when the queue is
	refused error         // why it was closed, if not because the server stops
	cost    time.Duration
	order   int64 // of its arrival
	element *list.Element
}

// queue holds who waits, in the order of arrival: short requests and others in
// lists of their own, since they do not wait for the same places.
type queue[S any] struct {
	lists         [kinds]list.List // of *waiter[S]
	newest, again int64
}

const (
	alone = iota
	short
	kinds
)

func kindOf(cost time.Duration) int {
	if cost > 0 {
		return short
	}
	return alone
}

func (q *queue[S]) length() int { return q.lists[alone].Len() + q.lists[short].Len() }

// waiting is how many requests of this kind wait. Each kind has the whole queue, so that
// a crowd of long requests does not have short ones refused, which take no time.
func (q *queue[S]) waiting(cost time.Duration) int { return q.lists[kindOf(cost)].Len() }

// holdsUp says whether somebody waits whom a new request of this cost must not pass.
func (q *queue[S]) holdsUp(cost time.Duration) bool {
	return q.lists[alone].Len() > 0 || cost > 0 && q.lists[short].Len() > 0
}

func (q *queue[S]) add(ask Ask) *waiter[S] {
	w := &waiter[S]{granted: make(chan grant[S], 1), cost: ask.Cost}
	l := &q.lists[kindOf(ask.Cost)]
	if ask.Again {
		q.again--
		w.order, w.element = q.again, l.PushFront(w)
	} else {
		q.newest++
		w.order, w.element = q.newest, l.PushBack(w)
	}
	return w
}

// first returns who has waited longest, short requests left out if shorts is false.
func (q *queue[S]) first(shorts bool) (first *waiter[S]) {
	for kind := range q.lists {
		front := q.lists[kind].Front()
		if front == nil || kind == short && !shorts {
			continue
		}
		if w := front.Value.(*waiter[S]); first == nil || w.order < first.order {
			first = w
		}
	}
	return first
}

// drop takes a waiter out, if it is still in.
func (q *queue[S]) drop(w *waiter[S]) { q.lists[kindOf(w.cost)].Remove(w.element) }
