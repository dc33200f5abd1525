package gateway

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// The states of a request that is being served.
const (
	Queued    int32 = iota // waits for a slot
	Running                // the application has it
	Sending                // its response has begun
	Receiving              // its body is to come before it is queued
)

// Flight is a request that is being served, as it was at a moment.
type Flight struct {
	ID, Method, Path, Client string
	Began                    time.Time
	State                    int32
	Queued                   time.Duration
	// Slot is nil before the application has the request, and once the slot was given back: the
	// client is still to take what the application has produced.
	Slot Slot
}

// flight is the request itself. Its texts go with it.
type flight struct {
	id     string
	r      *http.Request
	began  time.Time
	mu     sync.Mutex
	whole  time.Time // when it had come, if it has a body
	state  int32
	queued time.Duration
	slot   Slot

	before, after *flight // in the register, under its lock
}

// look is called while the request is in the register.
func (f *flight) look() Flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := Flight{
		ID: strings.Clone(f.id), Method: strings.Clone(f.r.Method), Path: strings.Clone(f.r.RequestURI), Client: f.r.RemoteAddr,
		Began: f.began, State: f.state, Queued: f.queued, Slot: f.slot,
	}
	if seen.State == Queued {
		since := f.began
		if !f.whole.IsZero() {
			since = f.whole
		}
		seen.Queued = time.Since(since)
	}
	return seen
}

// dispatched notes that the request has a slot.
func (f *flight) dispatched(s Slot, waited time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.slot, f.queued = Running, s, waited
}

// enters notes a state.
func (f *flight) enters(state int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == Receiving {
		f.whole = time.Now()
	}
	if f.state = state; state == Queued {
		f.slot = nil
	}
}

// lands notes that the slot was given back.
func (f *flight) lands() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slot = nil
}

// register holds the requests that are being served, in a list: adding to one
// and taking out costs the same however many there are.
type register struct {
	mu    sync.Mutex
	first *flight
	ended int64 // requests so far
}

func (r *register) add(f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.after = r.first; r.first != nil {
		r.first.before = f
	}
	r.first = f
}

func (r *register) remove(f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended++
	if f.before != nil {
		f.before.after = f.after
	} else {
		r.first = f.after
	}
	if f.after != nil {
		f.after.before = f.before
	}
}

// InFlight are the requests that are being served now.
func (g *Gateway) InFlight() (all []Flight) {
	g.register.mu.Lock()
	defer g.register.mu.Unlock()
	for f := g.register.first; f != nil; f = f.after {
		all = append(all, f.look())
	}
	return all
}

// Served counts the requests that have been answered, or given up.
func (g *Gateway) Served() int64 {
	g.register.mu.Lock()
	defer g.register.mu.Unlock()
	return g.register.ended
}
