package pool

import (
	"context"
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
	Retry    time.Time // when the next is started
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

// started notes how a start of a seat went.
func (p *Pool[S]) started(ctx context.Context, err error, first bool, retryIn time.Duration) {
	if first {
		select {
		case p.starting <- err:
		default: // a seat that was added later
		}
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	p.stateMu.Lock()
	p.health.Failures++
	p.health.Last, p.health.Retry = err, time.Now().Add(retryIn)
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
func (p *Pool[S]) diedYoung() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.health.Failures++
}

// livedLong notes that a process is well.
func (p *Pool[S]) livedLong() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	p.health.Health = Health{}
}
