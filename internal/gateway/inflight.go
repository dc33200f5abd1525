package gateway

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The states of a request that is being served.
const (
	Queued  int32 = iota // waits for a slot
	Running              // the application has it
	Sending              // its response has begun
)

// Flight is a request that is being served, as others may see it.
type Flight struct {
	ID, Method, Path, Client string
	Began                    time.Time

	state  atomic.Int32
	queued atomic.Int64 // nanoseconds
	slot   atomic.Pointer[Slot]

	before, after *Flight // in the register, under its lock
}

// State is Queued, Running or Sending. Slot is nil while it is Queued, and once the
// slot was given back: the client is still to take what the application has produced.
func (f *Flight) State() (state int32, slot Slot, queued time.Duration) {
	if state = f.state.Load(); state == Queued {
		return Queued, nil, time.Since(f.Began)
	}
	if s := f.slot.Load(); s != nil {
		slot = *s
	}
	return state, slot, time.Duration(f.queued.Load())
}

// dispatched notes that the request has a slot.
func (f *Flight) dispatched(s Slot, waited time.Duration) {
	f.slot.Store(&s)
	f.queued.Store(int64(waited))
	f.state.Store(Running)
}

// register holds the requests that are being served, in a list: adding to one
// and taking out costs the same however many there are.
type register struct {
	mu    sync.Mutex
	first *Flight
	ended int64 // requests so far
}

func (r *register) add(f *Flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.after = r.first; r.first != nil {
		r.first.before = f
	}
	r.first = f
}

func (r *register) remove(f *Flight) {
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
func (g *Gateway) InFlight() (all []*Flight) {
	g.register.mu.Lock()
	defer g.register.mu.Unlock()
	for f := g.register.first; f != nil; f = f.after {
		all = append(all, f)
	}
	return all
}

// enter puts the exchange into the register; leave takes it out.
func (x *exchange) enter(r *http.Request) {
	x.flight.ID, x.flight.Method, x.flight.Path = x.id, r.Method, r.RequestURI
	x.flight.Client, x.flight.Began = r.RemoteAddr, x.began
	x.g.register.add(&x.flight)
}

// Served counts the requests that have been answered, or given up.
func (g *Gateway) Served() int64 {
	g.register.mu.Lock()
	defer g.register.mu.Unlock()
	return g.register.ended
}
