package certs

import "time"

// State is what there is to say of the certificate of a pair.
type State struct {
	Names   []string
	Until   time.Time
	From    string // its files
	Problem string // "" if there is none: of its dates, or of the files as they are now
}

// States are those of all pairs.
func (s *Store) States() (states []State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		state := State{Names: names(e.shown.Leaf), Until: e.shown.Leaf.NotAfter, From: e.pair.String()}
		if state.Problem = dateProblem(e.shown.Leaf, s.options.Now()); e.files.failed != "" {
			state.Problem = "the files as they are now cannot be taken: " + e.files.failed
		}
		states = append(states, state)
	}
	return states
}
