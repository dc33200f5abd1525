package front

import "context"

// While a request waits for its turn it is enough that the client has probably left.
// TCP tells with the same FIN of one that closes the connection and of one that has only
// ended its own direction and waits; but the latter does it right after its request, and
// who leaves does it when the wait is too long.

// WhileQueued returns the context for the wait of a request in a queue: it ends with
// the request's, and when the client has probably left.
func WhileQueued(ctx context.Context) context.Context {
	if c := connOf(ctx); c != nil && !c.http2.Load() {
		return c.queued
	}
	return ctx
}

// Left ends the wait of what is queued; the engine ends the request's own context.
func (c *tracked) Left() { c.unqueue() }

// HalfClosed is called when the client has ended its direction. Where something was
// sent since its last data, the kernel's times are of its word on that perhaps.
func (c *tracked) HalfClosed() {
	if c.raw.Sent() == c.before.Load() && closedLater(c.conn) {
		c.unqueue()
	}
}
