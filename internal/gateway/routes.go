package gateway

import (
	"hash/maphash"
	"sync"
	"time"
)

// routes remembers how long the requests of each route took of late. What a
// route is only the application knows; here it is a method and a path whose
// segments with digits, which are mostly keys, count as one.
type routes struct {
	seed maphash.Seed
	mu   sync.Mutex
	of   [routeSlots]route
}

// routeSlots bounds the memory for routes: one takes the place of another.
const routeSlots = 2048

// sample is how many measured requests make up what is remembered of a route.
const sample = 16

// measureEvery is how many requests of a known route go by until one is measured
// again: that costs the worker some 3 us.
const measureEvery = 8

// route is one route, and how long the slowest measured requests of it took, not
// the mean: a route that is slow at times is no short one. One in a sample is
// passed over, since it may tell more of the system than of the route.
type route struct {
	key      uint64
	seen     uint32
	measured int              // in the current sample
	slowest  [2]time.Duration // of the current sample
	before   time.Duration    // the second slowest of the sample before
	guessed  bool             // all that is known is one measurement in doubt
}

func newRoutes() *routes { return &routes{seed: maphash.MakeSeed()} }

// key is a route's name.
func (rs *routes) key(method, path string) uint64 {
	var h maphash.Hash
	h.SetSeed(rs.seed)
	_, _ = h.WriteString(method)
	start, digit := 0, false
	for i := 0; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			digit = digit || '0' <= path[i] && path[i] <= '9'
			continue
		}
		_ = h.WriteByte('/')
		if digit {
			_ = h.WriteByte('0') // which no other segment is
		} else {
			_, _ = h.WriteString(path[start:i])
		}
		start, digit = i+1, false
	}
	return h.Sum64()
}

// expect returns how long a request of this route may take, 0 if that is not
// known, and whether this one is to be measured.
func (rs *routes) expect(key uint64) (cost time.Duration, measure bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := &rs.of[key%routeSlots]
	if r.key != key {
		return 0, true
	}
	r.seen++
	cost = r.slowest[1]
	if r.measured == 1 && r.before == 0 {
		cost = r.slowest[0] // all that is known
	}
	return max(cost, r.before), r.before == 0 || r.seen%measureEvery == 0
}

// observe notes how long a measured request took. One that is in doubt counts only
// until there is a better one.
func (rs *routes) observe(key uint64, took time.Duration, doubt bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := &rs.of[key%routeSlots]
	switch {
	case r.key != key:
		*r = route{key: key, guessed: doubt}
	case doubt:
		return
	case r.guessed:
		*r = route{key: key, seen: r.seen}
	}
	if r.measured == sample {
		r.before, r.slowest, r.measured = r.slowest[1], [2]time.Duration{}, 0
	}
	r.measured++
	if took > r.slowest[0] {
		r.slowest[0], took = took, r.slowest[0]
	}
	r.slowest[1] = max(r.slowest[1], took)
}
