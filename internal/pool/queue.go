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
	again   int64 // who had a place before goes first, the last one first of all; else 0
	element *list.Element
}

// queue holds who waits: short requests and others in lists of their own, each in the
// order of arrival, since they do not wait for the same places.
type queue[S any] struct {
	lists  [kinds]list.List // of *waiter[S]
	passed int              // short ones, since one that goes alone was served
	again  int64            // how many came who had a place before
}

// mayPass is how many short requests in a row are served before one that goes alone and
// came earlier. They take a few milliseconds at most, where one that is long may take any
// time: with a crowd of those, a short one would wait for all of them.
const mayPass = 12

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
	if kindOf(cost) == short {
		return q.lists[short].Len() > 0 || q.turnOf() == alone
	}
	return q.lists[alone].Len() > 0
}

// turnOf says which kind is next, where both wait.
func (q *queue[S]) turnOf() int {
	if q.lists[alone].Len() > 0 && q.passed >= mayPass {
		return alone
	}
	return short
}

// served notes who has got a place.
func (q *queue[S]) served(cost time.Duration) {
	if kindOf(cost) == alone || q.lists[alone].Len() == 0 {
		q.passed = 0
	} else {
		q.passed++
	}
}

func (q *queue[S]) add(ask Ask) *waiter[S] {
	w := &waiter[S]{granted: make(chan grant[S], 1), cost: ask.Cost}
	l := &q.lists[kindOf(ask.Cost)]
	if ask.Again {
		q.again++
		w.again, w.element = q.again, l.PushFront(w)
	} else {
		w.element = l.PushBack(w)
	}
	return w
}

// first returns who is next, short requests left out if shorts is false.
func (q *queue[S]) first(shorts bool) *waiter[S] {
	one, other := q.front(alone), (*waiter[S])(nil)
	if shorts {
		other = q.front(short)
	}
	switch {
	case one == nil:
		return other
	case other == nil || one.again > other.again:
		return one
	case other.again > one.again || q.turnOf() == short:
		return other
	}
	return one
}

func (q *queue[S]) front(kind int) *waiter[S] {
	if e := q.lists[kind].Front(); e != nil {
		return e.Value.(*waiter[S])
	}
	return nil
}

// drop takes a waiter out, if it is still in.
func (q *queue[S]) drop(w *waiter[S]) { q.lists[kindOf(w.cost)].Remove(w.element) }
