package highball

import (
	"fmt"

	"highball/internal/front"
	"highball/internal/h1"
)

// What limits of a head may be set to: less would refuse what is usual, more would
// have a connection hold that much memory.
const (
	minRequestLine, maxRequestLine     = 128, 1 << 20
	minRequestHead, maxRequestHead     = 1 << 10, 16 << 20
	minRequestFields, maxRequestFields = 1, 32768
)

// connectionDefaults fills in what clients may do on their connections.
func (c *Config) connectionDefaults() {
	orDefault(&c.HeaderTimeout, DefaultHeaderTimeout)
	orDefault(&c.KeepaliveTimeout, DefaultKeepaliveTimeout)
	orDefault(&c.SendTimeout, DefaultSendTimeout)
	orDefault(&c.LimitRequestLine, DefaultLimitRequestLine)
	orDefault(&c.LimitRequestHead, DefaultLimitRequestHead)
	orDefault(&c.LimitRequestFields, DefaultLimitRequestFields)
}

func (c *Config) checkConnections() error {
	switch {
	case c.LimitRequestLine < minRequestLine || c.LimitRequestLine > maxRequestLine:
		return fmt.Errorf("limit-request-line: write a size from %d bytes to %d MiB: a line is held in memory", minRequestLine, maxRequestLine>>20)
	case c.LimitRequestHead < minRequestHead || c.LimitRequestHead > maxRequestHead:
		return fmt.Errorf("limit-request-head: write a size from %d KiB to %d MiB: a head is held in memory", minRequestHead>>10, maxRequestHead>>20)
	case c.LimitRequestFields < minRequestFields || c.LimitRequestFields > maxRequestFields:
		return fmt.Errorf("limit-request-fields: write a number from %d to %d", minRequestFields, maxRequestFields)
	case c.LimitRequestLine > c.LimitRequestHead:
		return fmt.Errorf("limit-request-line: %d bytes are more than limit-request-head allows, %d: the line is a part of the head",
			c.LimitRequestLine, c.LimitRequestHead)
	}
	return nil
}

// front is what the part that has the connections needs to know of them.
func (c *Config) front() front.Options {
	return front.Options{
		HeaderTimeout: c.HeaderTimeout, IdleTimeout: c.KeepaliveTimeout, SendTimeout: c.SendTimeout,
		Limits:         h1.Limits{RequestLine: c.LimitRequestLine, Head: c.LimitRequestHead, Fields: c.LimitRequestFields},
		MaxConnections: c.MaxConnections, MaxConnectionsPerAddress: c.MaxConnectionsPerAddress,
		Linger: c.linger(), Logger: c.Logger,
	}
}
