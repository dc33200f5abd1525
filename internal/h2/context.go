package h2

import (
	"context"
	"sync"
	"time"
)

// streamContext is the context of a request. It ends when its stream is reset or its
// connection ends. One that has not ended serves again, as its stream does.
type streamContext struct {
	parent context.Context

	mu    sync.Mutex
	done  chan struct{} // made when it is asked for
	err   error
	after []*func()
}

// Deadline is context.Context's: there is none.
func (*streamContext) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value is the connection's.
func (x *streamContext) Value(key any) any { return x.parent.Value(key) }

// Done is context.Context's.
func (x *streamContext) Done() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done == nil {
		x.done = make(chan struct{})
		if x.err != nil {
			close(x.done)
		}
	}
	return x.done
}

// Err is context.Context's.
func (x *streamContext) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.err
}

// AfterFunc is what package context looks for: without it each child of this context
// would cost a goroutine.
func (x *streamContext) AfterFunc(f func()) (stop func() bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		go f()
		return func() bool { return false }
	}
	own := &f
	x.after = append(x.after, own)
	return func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		for i, other := range x.after {
			if other == own {
				x.after = append(x.after[:i], x.after[i+1:]...)
				return true
			}
		}
		return false
	}
}

// cancel ends the context.
func (x *streamContext) cancel() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return
	}
	x.err = context.Canceled
	if x.done != nil {
		close(x.done)
	}
	for _, f := range x.after {
		go (*f)()
	}
	x.after = nil
}

// renew gives the context to another request, unless it has ended.
func (x *streamContext) renew() (ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.parent, x.after = nil, nil
	return x.err == nil
}
