package obs

import (
	"sync"
	"time"
)

// RemindEvery is how often the log is told of what goes on all the time.
const RemindEvery = time.Minute

// Reminder is something that goes on: the log is told of it once in a while, not each
// time. The zero value is one that was not told of yet.
type Reminder struct {
	mu     sync.Mutex
	told   time.Time
	silent int // times since
}

// Due says whether to tell of it now.
func (r *Reminder) Due() bool {
	due, _ := r.DueAfter()
	return due
}

// DueAfter says that, and how often it was not told of.
func (r *Reminder) DueAfter() (due bool, missed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); r.told.IsZero() || now.Sub(r.told) >= RemindEvery {
		missed = r.silent
		r.told, r.silent = now, 0
		return true, missed
	}
	r.silent++
	return false, 0
}
