package h2

import "time"

// A connection that takes no more requests says so twice (RFC 9113 6.8): first that it
// is about to, so that what is on its way by then is served; and, when the client has
// heard that or has had its time to, which request was the last.

// leaving is how far that has come.
type leaving struct {
	said  bool
	since int64 // tick
	final bool
	last  uint32 // the stream that the final one named: none behind it is taken
	why   *fault // the connection is to end, for the goroutine that reads
}

// sayGoAway begins. It needs mu.
func (c *conn) sayGoAway() {
	if c.leaving.said || c.over {
		return
	}
	c.leaving.said, c.leaving.since = true, c.server.warden.clock.Load()
	b := appendGoAway(c.output.room(c.server), maxID, noError, "")
	c.output.pending = append(appendHead(b, 8, ping, 0, 0), "leaving."...)
	c.kick()
}

// heard is called when the client has answered a PING: it knows. It needs mu.
func (c *conn) heard() {
	if !c.leaving.said || c.leaving.final || c.over {
		return
	}
	c.leaving.final, c.leaving.last = true, c.lastID
	c.output.pending = appendGoAway(c.output.room(c.server), c.lastID, noError, "")
	c.kick()
}

// stop has the goroutine that reads end the connection. It needs mu.
func (c *conn) stop(why *fault) {
	if c.leaving.why != nil || c.over {
		return
	}
	c.leaving.why = why
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
}

// rest is called when something has ended: with nothing left in hand the connection is
// idle, or over. It needs mu.
func (c *conn) rest() {
	if c.load > 0 || c.output.flushing || c.output.putOff || c.over || !c.greeted {
		return
	}
	if c.idleFrom == busy {
		c.idleFrom = c.server.warden.clock.Load()
		c.watcher.Idle()
	}
	if c.leaving.final {
		c.stop(&fault{})
	}
}

// busy is idleFrom of a connection that has something in hand.
const busy = -1

// takesOn notes that there is one more request in hand. It needs mu.
func (c *conn) takesOn() {
	c.load++
	if c.idleFrom != busy {
		c.idleFrom = busy
		c.watcher.Active()
	}
	if c.server.draining.Load() {
		c.sayGoAway()
	}
}
