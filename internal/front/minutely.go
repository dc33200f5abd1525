package front

import (
	"sync"
	"time"
)

// tellEvery is how often the log is told of what goes on all the time.
const tellEvery = time.Minute

// minutely says whether it is time to tell of something again.
type minutely struct {
	mu   sync.Mutex
	told time.Time
}

func (m *minutely) due() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.told) < tellEvery {
		return false
	}
	m.told = time.Now()
	return true
}
