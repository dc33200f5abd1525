package pool

import (
	"errors"
	"fmt"
	"time"
)

// ErrFailing says that there is no process, and that those that were started
// failed: the application cannot be served until its code is mended.
var ErrFailing = errors.New("the application does not start")

// failingAfter is how many processes in a row have to fail, by not starting or by
// dying young, until the state is "failing".
const failingAfter = 3

// Health is how the starts of processes have gone of late.
type Health struct {
	Failures int       // in a row
	Last     error     // why the last process did not start; nil if that one did
	Retry    time.Time // when the next is started, if that is planned
}

// Failing says whether the code is broken as far as the pool can tell.
func (h Health) Failing() bool { return h.Failures >= failingAfter }

// health guards itself by Pool.stateMu.
type health struct {
	Health
	up bool // Start has returned
}

func (p *Pool[S]) isUp() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.health.up = true
}

// startFailed notes that a process could not be started. retryIn is when that is
// tried again; 0: not for now.
func (p *Pool[S]) startFailed(err error, retryIn time.Duration) {
	p.stateMu.Lock()
	p.health.Last = err
	p.health.count(retryIn)
	up, failing := p.health.up, p.health.Failing()
	p.stateMu.Unlock()
	if up {
		p.opts.Logger.Error("a worker could not be started: "+err.Error(), "retry_in", retryIn)
	}
	if failing {
		p.refuse(fmt.Errorf("%w: %w", ErrFailing, err))
	}
}

// diedYoung notes that a process ended soon after its start.
func (p *Pool[S]) diedYoung(retryIn time.Duration) {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.health.count(retryIn)
}

func (h *Health) count(retryIn time.Duration) {
	h.Failures++
	h.Retry = time.Time{}
	if retryIn > 0 {
		h.Retry = time.Now().Add(retryIn)
	}
}

// startWorked notes that a process was started. Those that start and die young
// still count.
func (p *Pool[S]) startWorked() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.health.Last != nil {
		p.health.Failures = 0
	}
	p.health.Last, p.health.Retry = nil, time.Time{}
}

// livedLong notes that a process is well, which ends a row of deaths. When starts
// have failed since, it is no sign that the next succeeds.
func (p *Pool[S]) livedLong() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.health.Last == nil {
		p.health.Health = Health{}
	}
}
