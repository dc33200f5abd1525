package worker

import (
	"strings"
	"sync"
)

// What is kept of a process's stderr, in lines and bytes: enough for the end of a
// traceback, and for the stacks of a hundred threads.
const (
	lastLines = 20
	lastLine  = 500
	maxDump   = 256 << 10
)

// said is what a process has written to stderr of late.
type said struct {
	mu      sync.Mutex
	last    []string // no more than lastLines
	dumping bool     // lines belong to a dump
	logged  bool     // which goes to the log as well
	dump    strings.Builder
	dumped  int // lines of it
}

// add notes a line and tells whether it is one of a dump, and whether it is to be logged.
func (s *said) add(line string) (dumping, logged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dumping {
		s.dumped++
		if s.dump.Len()+len(line) < maxDump {
			s.dump.WriteString(line + "\n")
		}
		return true, s.logged
	}
	if len(s.last) == lastLines {
		s.last = append(s.last[:0], s.last[1:]...)
	}
	s.last = append(s.last, strings.Clone(line[:min(len(line), lastLine)]))
	return false, true
}

// words are the last lines.
func (s *said) words() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.last, "\n")
}

func (s *said) beginDump(logged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dumping, s.logged, s.dumped = true, logged, 0
	s.dump.Reset()
}

// dumpedLines is how many have come since beginDump.
func (s *said) dumpedLines() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dumped
}

func (s *said) endDump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dumping = false
	return s.dump.String()
}
