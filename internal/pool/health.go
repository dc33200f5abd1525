package pool

import (
	"errors"
	"fmt"
	"time"
)

// ErrFailing says that there is no process, and that those that were started
// failed: the application cannot be served until its code is mended.
var ErrFailing = errors.New("no worker stays up")

// errDiedYoung stands in until it is known how a process has ended.
var errDiedYoung = errors.New("a worker died soon after its start")

// failingAfter is how many processes in a row have to fail, by not starting or by
// dying young, until the state is "failing".
const failingAfter = 3

// Health is how the starts of processes have gone of late.
type Health struct {
	Failures int       // in a row
	Last     error     // why the last process did not start, or how it died young
	Retry    time.Time // when the next is started, if that is planned
}

// Failing says whether the code is broken as far as the pool can tell.
func (h Health) Failing() bool { return h.Failures >= failingAfter }

// health guards itself by Pool.stateMu.
type health struct {
	Health
	up        bool // Start has returned
	unstarted bool // the last failure was one to start
	news      int  // counts the values of Last
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
	p.health.count(err, retryIn)
	p.health.unstarted = true
	up, failing := p.health.up, p.health.Failing()
	p.stateMu.Unlock()
	if up {
		p.opts.Logger.Error("a worker could not be started: "+err.Error(), "retry_in", retryIn)
	}
	if failing {
		p.refuse(fmt.Errorf("%w: %w", ErrFailing, err))
	}
}

// diedYoung notes that a process ended soon after its start. Its code does start:
// requests wait for the next process, which comes soon (emptyDelay).
func (p *Pool[S]) diedYoung(m *member[S], retryIn time.Duration) {
	p.stateMu.Lock()
	news := p.health.count(errDiedYoung, retryIn)
	p.health.unstarted = false
	failing := p.health.Failing()
	p.stateMu.Unlock()
	if failing {
		p.renew(m.generation)
	}
	lived := time.Since(m.began).Round(time.Millisecond)
	p.work.Go(func() {
		err := fmt.Errorf("a worker died %s after its start: %w", lived, m.process.Death())
		p.stateMu.Lock()
		defer p.stateMu.Unlock()
		if p.health.news == news {
			p.health.Last = err
		}
	})
}

// count returns a number for the news that err is.
func (h *health) count(err error, retryIn time.Duration) int {
	h.news++
	h.Failures++
	h.Last = err
	h.Retry = time.Time{}
	if retryIn > 0 {
		h.Retry = time.Now().Add(retryIn)
	}
	return h.news
}

// forget has the next failure be the first.
func (h *health) forget() {
	h.Health, h.unstarted = Health{}, false
	h.news++
}

// startWorked notes that a process was started. Those that start and die young
// still count.
func (p *Pool[S]) startWorked() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.health.unstarted {
		p.health.forget()
	}
	p.health.Retry = time.Time{}
}

// livedLong notes that a process is well, which ends a row of deaths. When starts
// have failed since, it is no sign that the next succeeds.
func (p *Pool[S]) livedLong() {
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if !p.health.unstarted {
		p.health.forget()
	}
}
