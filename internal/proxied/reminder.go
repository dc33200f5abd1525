package proxied

import (
	"sync"
	"time"
)

// remindEvery is how often the log is told of something that goes on.
const remindEvery = time.Minute

type reminder struct {
	mu   sync.Mutex
	told time.Time
}

// due says whether to tell of it now.
func (r *reminder) due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if !r.told.IsZero() && now.Sub(r.told) < remindEvery {
		return false
	}
	r.told = now
	return true
}
