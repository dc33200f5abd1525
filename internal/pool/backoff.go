package pool

import "time"

// A process that lived this long was well: the next one's start is not delayed.
const healthyAfter = 10 * time.Second

// The delays before a start: none after the first death, then growing.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 30 * time.Second

	// emptyDelay is the longest one after a death while there is no process: to serve
	// a second later is better than to spare what a start takes.
	emptyDelay = time.Second
)

// backoff grows from nothing.
type backoff struct{ upcoming time.Duration }

// next is the delay after a death.
func (b *backoff) next() time.Duration {
	delay := b.upcoming
	b.upcoming = min(max(2*delay, firstDelay), maxDelay)
	return delay
}

// later is the delay after a start that failed: it is not tried again at once.
func (b *backoff) later() time.Duration {
	if b.upcoming == 0 {
		b.next()
	}
	return b.next()
}
