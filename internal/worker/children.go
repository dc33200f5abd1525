package worker

import (
	"sync"
	"sync/atomic"
)

// Children are the processes of this one that somebody waits for: zygotes, of all
// generations. What else ends is an orphan, see AdoptOrphans.
type Children struct {
	mu   sync.Mutex
	pids map[int]bool

	forked atomic.Int64 // workers that the zygotes have made
}

// NewChildren returns an empty set.
func NewChildren() *Children { return &Children{pids: map[int]bool{}} }

// Start has start make a process. It is one of ours from its first moment on, even
// if it ends at once, until Ended.
func (c *Children) Start(start func() (pid int, err error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	pid, err := start()
	if err == nil {
		c.pids[pid] = true
	}
	return err
}

// Ended is told of a process that has been waited for.
func (c *Children) Ended(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pids, pid)
}

// ifOrphan calls reap for a process that is none of ours, and says whether it was.
func (c *Children) ifOrphan(pid int, reap func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pids[pid] {
		return false
	}
	reap()
	return true
}
