package pool

import "time"

// A process that lived this long was well: the next one's start is not delayed.
const healthyAfter = 10 * time.Second

// The delays before a replacement: none the first time, then growing.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 30 * time.Second
)

// backoff grows from nothing.
type backoff struct{ last, upcoming time.Duration }

func (b *backoff) peek() time.Duration { return b.upcoming }

func (b *backoff) next() time.Duration {
	b.last = b.upcoming
	b.upcoming = min(max(2*b.last, firstDelay), maxDelay)
	return b.last
}
