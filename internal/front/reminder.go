package front

import (
	"sync"
	"time"
)

// remindEvery is how often the log is told of what goes on all the time.
const remindEvery = time.Minute

// reminder is something that goes on: it is told of once in a while, not each time.
// What was not told of is counted elsewhere, in totals.
type reminder struct {
	mu   sync.Mutex
	told time.Time
}

// due says whether to tell of it now.
func (r *reminder) due() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.told) < remindEvery {
		return false
	}
	r.told = time.Now()
	return true
}
