package pool

import (
	"fmt"
	"slices"
)

// fewer is why a process goes that has no seat.
const fewer = "there are to be fewer workers"

// Scale changes how many processes are kept.
func (p *Pool[S]) Scale(n int) error {
	if n < 0 {
		return fmt.Errorf("%d workers: want 0 or more", n)
	}
	p.stateMu.Lock()
	defer p.stateMu.Unlock()
	if p.current == nil || p.ctx.Err() != nil {
		return ErrClosed
	}
	if more := n - len(p.seats); more > 0 {
		p.addSeats(more)
		return nil
	}
	for _, s := range p.seats[n:] {
		s.giveUp()
	}
	p.seats = slices.Delete(p.seats, n, len(p.seats))
	return nil
}
