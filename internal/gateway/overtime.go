package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// What becomes of a request that has taken longer than the request timeout: its
// client is answered, its thread interrupted by highball.RequestTimeout. A thread
// that does not yield has its process drained and killed. A process that runs no
// Python code at all, because the interpreter's lock is held, is killed at once.

const (
	// yieldGrace is how long an application that was interrupted may take to end.
	yieldGrace = 5 * time.Second
	// answerGrace is how long a worker may take to say where its threads are. One that
	// has not done so cannot: the interpreter's lock is held.
	answerGrace = time.Second
	// hookGrace is how long the hook worker_abort may take.
	hookGrace = 5 * time.Second
)

// errStuck says that the worker could not begin the request, since another held
// the interpreter's lock.
var errStuck = errors.New("the interpreter's lock is held by another request")

// timedOut ends an exchange whose application let its time pass. The slot is seen
// to in the background.
func (x *exchange) timedOut() error {
	l := x.letGo()
	silence := l.report("request timed out")
	if silence != nil && !l.call.Begun() && !x.headSent {
		l.awaitDeath(silence)
		begun := l.call.Begun() // it is dead: that is final
		l.release()
		if !begun {
			return &retryError{cause: errStuck}
		}
	} else {
		l.body, x.spooled = x.spooled, nil
		x.g.late.Go(func() {
			defer l.release()
			if silence != nil {
				l.awaitDeath(silence)
			} else {
				l.check(l.interrupt())
			}
		})
	}
	return refuse(http.StatusGatewayTimeout, "the application did not answer within the request timeout")
}

// report logs the request and where its thread is. An error says that the worker does
// not answer: it is stuck, or another request that found it stuck has had it killed.
func (l *late) report(what string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerGrace)
	defer cancel()
	age := time.Since(l.asked).Round(time.Millisecond)
	stack, err := l.call.Stack(ctx)
	if isStuck(err) {
		stack = "not known: the worker does not answer, the interpreter's lock is held"
	} else if err != nil {
		stack = "not known: " + err.Error()
	}
	l.logger.Error(what, l.with("age", age, "stack", stack)...)
	return err
}

// isStuck says of report's error that the worker lives and runs no Python code.
func isStuck(silence error) bool { return errors.Is(silence, context.DeadlineExceeded) }

// interrupt ends the application by RequestTimeout, or if it does not yield by the
// end of its process, for which it waits.
func (l *late) interrupt() error {
	l.call.Leave() // one that takes the exception for a mishap is ended at its next block
	ctx, cancel := context.WithTimeout(context.Background(), answerGrace)
	raised := l.call.Interrupt(ctx, l.timeout, l.named.id)
	cancel()
	deadline := time.Now().Add(yieldGrace)
	err := l.discard(func() time.Duration { return max(time.Until(deadline), time.Nanosecond) })
	if !errors.Is(err, errTimedOut) {
		if err == nil {
			l.logger.Info("the request that timed out has ended", l.with("age", time.Since(l.asked).Round(time.Millisecond))...)
		}
		return err
	}
	l.logger.Error("the request that timed out does not end: its worker is killed when its other requests have ended",
		l.with("interrupted", raised)...)
	l.giveUp()
	l.lease.Condemn("request " + l.named.id + " timed out and does not end")
	if err := l.discard(func() time.Duration { return 0 }); err != nil {
		l.logger.Debug("the request that timed out has ended with its worker", l.with("error", err)...)
	}
	return nil
}

// giveUp has the worker's hook worker_abort run: what is condemned may be killed at once.
func (l *late) giveUp() {
	ctx, cancel := context.WithTimeout(context.Background(), hookGrace)
	defer cancel()
	if err := l.call.GiveUp(ctx); errors.Is(err, context.DeadlineExceeded) {
		l.logger.Warn("the hook worker_abort has not ended in time", l.with("limit", hookGrace)...)
	}
}

// awaitDeath ends a worker that runs no Python code, if it is not dead yet, and returns
// when it has ended.
func (l *late) awaitDeath(silence error) {
	if isStuck(silence) {
		l.call.Dump()
		l.call.Kill("request " + l.named.id + " timed out, and the interpreter's lock is held")
	}
	_ = l.discard(func() time.Duration { return 0 })
}

func (l *late) with(more ...any) []any { return l.named.attrs(more...) }
