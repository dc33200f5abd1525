package worker

import "sync"

// Children are the processes of this one that somebody waits for: zygotes, of all
// generations. What else ends is an orphan, see AdoptOrphans.
type Children struct {
	mu   sync.Mutex
	pids map[int]bool
}

// NewChildren returns an empty set.
func NewChildren() *Children { return &Children{pids: map[int]bool{}} }

// Note is told of a process's number from before it can end until it has been
// waited for.
func (c *Children) Note(pid int, lives bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lives {
		c.pids[pid] = true
	} else {
		delete(c.pids, pid)
	}
}

func (c *Children) has(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pids[pid]
}
