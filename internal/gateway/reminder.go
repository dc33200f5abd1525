package gateway

import (
	"sync"
	"time"
)

// remindEvery is how often the log is told of a fault that lasts.
const remindEvery = time.Minute

// reminder is a fault that lasts: it is told of once in a while, not each time.
type reminder struct {
	mu     sync.Mutex
	told   time.Time
	silent int // times since
}

// due says whether to tell of it now, and how often it was not told of.
func (r *reminder) due() (bool, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.told.IsZero() || now.Sub(r.told) >= remindEvery {
		missed := r.silent
		r.told, r.silent = now, 0
		return true, missed
	}
	r.silent++
	return false, 0
}
