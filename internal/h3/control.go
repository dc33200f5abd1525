package h3

import (
	"io"

	"github.com/quic-go/quic-go/quicvarint"
)

// control is a client's control stream (RFC 9114 6.2.1).
type control struct {
	in      *reader
	maxPush int64 // the last MAX_PUSH_ID, -1: none
	goAway  int64 // the last GOAWAY, -1: none
}

// read returns with what was wrong; the stream's end is (RFC 9114 6.2.1).
func (c *control) read() error {
	c.maxPush, c.goAway = -1, -1
	for first := true; ; first = false {
		h, err := c.in.nextFrame()
		switch {
		case err == nil && first && h.kind != frameSettings:
			err = connectionFault(missingSettings, "RFC 9114 6.2.1", "the control stream begins with a frame %#x", h.kind)
		case err == nil && first:
			err = c.settings(h.length)
		case err == nil:
			err = c.frame(h)
		case err == io.EOF:
			err = criticalClosed()
		}
		if err != nil {
			return err
		}
	}
}

func criticalClosed() *fault {
	return connectionFault(closedCriticalStream, "RFC 9114 6.2.1", "a stream that has to stay was closed")
}

func (c *control) settings(length uint64) error {
	if length > maxSettings {
		return connectionFault(excessiveLoad, "RFC 9114 10.5", "a SETTINGS frame of %d bytes", length)
	}
	p, err := c.in.payload(length)
	if err != nil {
		return err
	}
	return checkSettings(p)
}

func (c *control) frame(h frameHeader) error {
	switch {
	case h.kind == frameMaxPushID || h.kind == frameGoAway || h.kind == frameCancelPush:
		id, err := c.onlyNumber(h)
		if err != nil {
			return err
		}
		return c.number(h.kind, int64(id))
	case h.kind == framePriorityUpdate || h.kind == framePushPriority:
		return c.priority(h)
	case known(h.kind):
		return connectionFault(frameUnexpected, "RFC 9114 7.2", "a frame %#x on the control stream", h.kind)
	}
	return c.in.skip(&h.length)
}

// onlyNumber reads the payload of a frame that is one.
func (c *control) onlyNumber(h frameHeader) (uint64, error) {
	const most = 8
	if h.length == 0 || h.length > most {
		return 0, connectionFault(frameError, "RFC 9114 7.1", "a frame %#x of %d bytes", h.kind, h.length)
	}
	p, err := c.in.payload(h.length)
	if err != nil {
		return 0, err
	}
	id, n, err := quicvarint.Parse(p)
	if err != nil || n != len(p) {
		return 0, connectionFault(frameError, "RFC 9114 7.1", "a frame %#x whose length is not its number's", h.kind)
	}
	return id, nil
}

func (c *control) number(kind uint64, id int64) error {
	switch kind {
	case frameCancelPush:
		return connectionFault(idError, "RFC 9114 7.2.3", "CANCEL_PUSH of %d: nothing was pushed", id)
	case frameMaxPushID:
		if id < c.maxPush {
			return connectionFault(idError, "RFC 9114 7.2.7", "MAX_PUSH_ID falls from %d to %d", c.maxPush, id)
		}
		c.maxPush = id
	case frameGoAway:
		if c.goAway >= 0 && id > c.goAway {
			return connectionFault(idError, "RFC 9114 5.2", "GOAWAY rises from %d to %d", c.goAway, id)
		}
		c.goAway = id
	}
	return nil
}

// priority checks PRIORITY_UPDATE; all requests have one priority here, which RFC 9218
// leaves to the server.
func (c *control) priority(h frameHeader) error {
	const most = 1 << 10
	if h.length == 0 || h.length > most {
		return connectionFault(frameError, "RFC 9218 7.2", "a PRIORITY_UPDATE of %d bytes", h.length)
	}
	p, err := c.in.payload(h.length)
	if err != nil {
		return err
	}
	id, _, err := quicvarint.Parse(p)
	switch {
	case err != nil:
		return connectionFault(frameError, "RFC 9218 7.2", "a PRIORITY_UPDATE without a stream")
	case h.kind == framePushPriority:
		return connectionFault(idError, "RFC 9218 7.2", "the priority of push %d: nothing was pushed", id)
	case id%4 != 0:
		return connectionFault(idError, "RFC 9218 7.2", "the priority of stream %d, which is no request", id)
	}
	return nil
}
