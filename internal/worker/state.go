package worker

import (
	"fmt"
	"sync/atomic"
)

// State is where a worker is in its life. It only moves forward.
type State int32

// The states, in their order.
const (
	StateStarting State = iota // forked, loading the application
	StateReady                 // serves requests
	StateStopping              // was told to end
	StateDead                  // has ended
)

func (s State) String() string {
	names := [...]string{"starting", "ready", "stopping", "dead"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state %d", int32(s))
}

type state struct{ v atomic.Int32 }

func (s *state) load() State { return State(s.v.Load()) }

// set moves to next and reports whether that was a move forward.
func (s *state) set(next State) bool {
	for {
		now := s.v.Load()
		if State(now) >= next {
			return false
		}
		if s.v.CompareAndSwap(now, int32(next)) {
			return true
		}
	}
}
