package front

import (
	"context"
	"time"
)

// halfCloseDelay is how long after its last byte a client may close its direction
// and still count as waiting for its response, in ms. The kernel counts in steps of
// up to 10 ms.
const halfCloseDelay = 20

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
	if c.secure {
		// Its last data is the word that it closes, not a request.
		if c.server.now()-time.Duration(c.lastData.Load()) > halfCloseDelay*time.Millisecond {
			c.unqueue()
		}
		return
	}
	if c.raw.Sent() == c.before.Load() && closedLater(c.conn) {
		c.unqueue()
	}
}
