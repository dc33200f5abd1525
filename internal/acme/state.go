package acme

import (
	"cmp"
	"slices"
	"time"
)

// State is what there is to say of one name.
type State struct {
	Name    string
	Until   time.Time // zero: there is no certificate
	From    string    // who has signed it
	Problem string    // why there is no new one, "" if none is missing
}

// States are those of all names, on demand or not, in their order.
func (m *Manager) States() (states []State) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, k := range m.kept {
		states = append(states, k.state())
	}
	slices.SortFunc(states, func(a, b State) int { return cmp.Compare(a.Name, b.Name) })
	return states
}

func (k *kept) state() State {
	s := State{Name: k.name}
	if problem := k.trouble.Load(); problem != nil {
		s.Problem = *problem
	}
	leaf := k.leaf()
	if leaf == nil {
		s.Problem = "no certificate: " + cmp.Or(s.Problem, "it is being asked for")
		return s
	}
	s.Until, s.From = leaf.NotAfter, issuerOf(leaf)
	if s.Problem != "" {
		s.Problem = "it could not be renewed: " + s.Problem
	}
	return s
}
