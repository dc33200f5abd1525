package pool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Recycle says when a process is replaced though it is well: the remedy for
// applications whose memory grows.
type Recycle struct {
	Requests int           // after so many; 0: never
	Jitter   int           // and up to so many more, so that not all go together
	Lifetime time.Duration // after so long, and up to a tenth more; 0: never
	Memory   int64         // when it takes more than so many bytes; 0: never
	Total    int64         // when all together take more, the largest; 0: never
}

// hardFactor is how far beyond Memory a process gets no more requests at once,
// before there is a replacement.
const hardFactor = 1.5

// memoryEvery is how often the memory of all processes is looked at.
const memoryEvery = time.Second

func (r Recycle) watchesMemory() bool { return r.Memory > 0 || r.Total > 0 }

// requestLimit is that of one process.
func (r Recycle) requestLimit() int {
	if r.Requests <= 0 {
		return 0
	}
	return r.Requests + rand.IntN(r.Jitter+1)
}

// lifetime is that of one process.
func (r Recycle) lifetime() time.Duration {
	if r.Lifetime <= 0 {
		return 0
	}
	return r.Lifetime + rand.N(r.Lifetime/10+1)
}

// replace asks the seat of a process for another in its place, once: the seat
// does not forget it. It never blocks: the dispatcher calls it under its lock.
func (m *member[S]) replace(reason string) {
	if m.asked.CompareAndSwap(false, true) {
		m.due <- reason
	}
}

// watchMemory looks at the processes until the pool stops.
func (p *Pool[S]) watchMemory() {
	ticker := time.NewTicker(memoryEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.checkMemory()
		case <-p.ctx.Done():
			return
		}
	}
}

func (p *Pool[S]) checkMemory() {
	p.checkEach()
	if limit := p.opts.Recycle.Total; limit > 0 {
		checkTotal(limit, p)
	}
}

// checkEach looks at what each process takes by itself.
func (p *Pool[S]) checkEach() {
	limit := p.opts.Recycle.Memory
	if limit <= 0 {
		return
	}
	for _, m := range p.admitted() {
		size, err := m.process.Memory()
		if err != nil || size <= limit { // it is ending, or well
			continue
		}
		reason := fmt.Sprintf("it takes %s, more than %s", mebibytes(size), mebibytes(limit))
		m.replace(reason)
		if float64(size) > hardFactor*float64(limit) {
			p.retire(m, reason)
		}
	}
}

// WatchTotal bounds what the processes of several pools take together, in bytes, until
// ctx ends: beyond limit the largest of all is replaced. It is for pools whose own
// Recycle.Total is 0.
func WatchTotal[S any](ctx context.Context, limit int64, pools ...*Pool[S]) {
	ticker := time.NewTicker(memoryEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			checkTotal(limit, pools...)
		case <-ctx.Done():
			return
		}
	}
}

// checkTotal replaces the largest process if all together take more than limit.
func checkTotal[S any](limit int64, pools ...*Pool[S]) {
	var total, most int64
	var largest *member[S]
	for _, p := range pools {
		for _, m := range p.admitted() {
			size, err := m.process.Memory()
			if err != nil {
				continue // it is ending
			}
			total += size
			if size > most {
				most, largest = size, m
			}
		}
	}
	if total > limit && largest != nil {
		largest.replace(fmt.Sprintf("all workers take %s, more than %s, and it the most", mebibytes(total), mebibytes(limit)))
	}
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
