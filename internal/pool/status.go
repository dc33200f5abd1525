package pool

import (
	"slices"
	"time"
)

// Member is what there is to say of a process.
type Member[S any] struct {
	Process    Process[S]
	Number     int // counts the processes of the pool
	Generation int
	Began      time.Time
	Served     int // requests, to their end
	Busy       int // requests
	Condemned  int // of these, such as will not end
	Leaving    bool
}

// Members describes the processes, those that are on their way out as well.
func (p *Pool[S]) Members() []Member[S] {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Member[S]
	for _, m := range p.known {
		all = append(all, Member[S]{
			Process: m.process, Number: m.number, Generation: m.generation.number, Began: m.began,
			Served: m.served, Busy: m.busy, Condemned: len(m.lost), Leaving: m.leaving,
		})
	}
	slices.SortFunc(all, func(a, b Member[S]) int { return a.Number - b.Number })
	return all
}

// Health tells how the starts have gone.
func (p *Pool[S]) Health() Health {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	return p.health.Health
}

// Generation is the number of the one that processes are made of now; 0 before Start
// and after Stop.
func (p *Pool[S]) Generation() int {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.current == nil {
		return 0
	}
	return p.current.number
}

// Size is how many processes are to be kept.
func (p *Pool[S]) Size() int {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	return len(p.seats)
}
