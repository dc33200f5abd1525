//go:build !windows

package main

import (
	"io"
	"sync"
)

// startLog shows the log also to whoever has started the server, as long as it starts:
// what is wrong then should not have to be looked for in a file.
type startLog struct {
	mu   sync.Mutex
	to   io.Writer
	over bool
}

// Write does not fail: the log has the line.
func (s *startLog) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		_, _ = s.to.Write(line)
	}
	return len(line), nil
}

// end says that the server has started, or will not.
func (s *startLog) end() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}
