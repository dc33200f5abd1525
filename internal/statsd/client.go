// Package statsd sends measurements to a statsd server by datagrams, in its own protocol
// or with dogstatsd's tags. It never waits for the network, and nothing fails for it.
//
// The protocol is one line for each value, "name:value|type|#tags", which needs no library.
package statsd

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"highball/internal/obs"
)

const (
	// mostBytes fit into one packet of Ethernet, behind the headers of IPv6 and UDP and
	// those of a tunnel.
	mostBytes = 1432

	// mostWaiting datagrams wait to be sent; what comes then is lost.
	mostWaiting = 64

	// sendEvery is how long a value may wait for others.
	sendEvery = 100 * time.Millisecond

	// sendTime is how long a socket may take one; one of UDP hardly ever waits.
	sendTime = 100 * time.Millisecond

	// dialAgain is how long after a failure the address is looked up again.
	dialAgain = time.Second

	// closeTime is how long the last ones may take.
	closeTime = time.Second
)

// Options say where the values go, and how they are called.
type Options struct {
	Address string   // "host:port", "[::1]:8125", "unix:/run/statsd.sock"
	Prefix  string   // before each name, with a dot between; "": none
	Tags    []string // dogstatsd's, "name:value"; nil: none
	Logger  *slog.Logger
}

// Client is what Options ask for. Its methods may be called by many.
type Client struct {
	network, address string
	prefix, suffix   string
	logger           *slog.Logger
	troubles         obs.Reminder

	mu    sync.Mutex
	batch []byte
	timer *time.Timer // sends batch; nil: it is empty
	done  bool

	datagrams chan []byte
	sent      chan struct{} // closed when all is sent

	conn     net.Conn // of the goroutine that sends; nil: there is none
	notUntil time.Time
}

// New checks what can be known of the options, and begins. The server need not be there.
func New(o Options) (*Client, error) {
	c := &Client{logger: o.Logger, datagrams: make(chan []byte, mostWaiting), sent: make(chan struct{})}
	var err error
	if c.network, c.address, err = parseAddress(o.Address); err != nil {
		return nil, err
	}
	if c.prefix = strings.TrimRight(o.Prefix, "."); c.prefix != "" {
		c.prefix += "."
	}
	for _, text := range append([]string{c.prefix}, o.Tags...) {
		if strings.ContainsAny(text, "|@\n#") {
			return nil, fmt.Errorf("%q has one of the characters | @ # or an end of line, which the protocol needs", text)
		}
	}
	if strings.Contains(c.prefix, ":") {
		return nil, fmt.Errorf("the prefix %q has a colon, which ends a name", o.Prefix)
	}
	if len(o.Tags) > 0 {
		c.suffix = "|#" + strings.Join(o.Tags, ",")
	}
	if n := len(c.prefix) + len(c.suffix); n > mostBytes/2 {
		return nil, fmt.Errorf("prefix and tags have %d bytes, and a datagram has room for %d", n, mostBytes)
	}
	go c.send()
	return c, nil
}

var errAddress = errors.New("write HOST:PORT, as in 127.0.0.1:8125, or unix:/path/to/socket")

func parseAddress(text string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path = strings.TrimPrefix(path, "//"); path == "" {
			return "", "", errAddress
		}
		return "unixgram", path, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return "", "", errAddress
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", errAddress
	}
	return "udp", text, nil
}

// Count adds to a counter.
func (c *Client) Count(name string, n int64) {
	c.add(name, "|c", func(b []byte) []byte { return strconv.AppendInt(b, n, 10) })
}

// Gauge says how many there are.
func (c *Client) Gauge(name string, n int64) {
	c.add(name, "|g", func(b []byte) []byte { return strconv.AppendInt(b, n, 10) })
}

// Time says how long something took.
func (c *Client) Time(name string, d time.Duration) {
	ms := float64(d.Truncate(time.Microsecond)) / float64(time.Millisecond)
	c.add(name, "|ms", func(b []byte) []byte { return strconv.AppendFloat(b, ms, 'f', -1, 64) })
}

func (c *Client) add(name, kind string, value func([]byte) []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return
	}
	before := len(c.batch)
	if before > 0 {
		c.batch = append(c.batch, '\n')
	}
	began := len(c.batch)
	c.batch = append(append(append(c.batch, c.prefix...), name...), ':')
	c.batch = append(append(value(c.batch), kind...), c.suffix...)
	if len(c.batch) > mostBytes && before > 0 {
		line := append(make([]byte, 0, mostBytes), c.batch[began:]...)
		c.batch = c.batch[:before]
		c.flush()
		c.batch = line
	}
	if c.timer == nil {
		c.timer = time.AfterFunc(sendEvery, c.due)
	}
}

func (c *Client) due() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = nil
	if !c.done {
		c.flush()
	}
}

// flush hands the batch on, if there is room.
func (c *Client) flush() {
	if len(c.batch) == 0 {
		return
	}
	select {
	case c.datagrams <- c.batch:
	default:
		c.trouble(errors.New("it does not take them fast enough"))
	}
	c.batch = make([]byte, 0, mostBytes)
}

// Close sends what is left, and waits for that a moment.
func (c *Client) Close() {
	c.mu.Lock()
	if c.done {
		c.mu.Unlock()
		return
	}
	c.flush()
	c.done = true
	if c.timer != nil {
		c.timer.Stop()
	}
	close(c.datagrams)
	c.mu.Unlock()
	limit := time.NewTimer(closeTime)
	defer limit.Stop()
	select {
	case <-c.sent:
	case <-limit.C:
	}
}

// send is the goroutine that has the socket.
func (c *Client) send() {
	defer close(c.sent)
	for datagram := range c.datagrams {
		if err := c.sendOne(datagram); err != nil {
			c.trouble(err)
		}
	}
	c.hangUp()
}

// sendOne looks the address up if need be. For a moment after a failure everything is lost:
// a server that is gone should cost nothing.
func (c *Client) sendOne(datagram []byte) error {
	now := time.Now()
	if c.conn == nil {
		if now.Before(c.notUntil) {
			return nil // it was told of
		}
		conn, err := net.DialTimeout(c.network, c.address, dialAgain)
		if err != nil {
			c.notUntil = now.Add(dialAgain)
			return err
		}
		c.conn = conn
	}
	_ = c.conn.SetWriteDeadline(now.Add(sendTime))
	if _, err := c.conn.Write(datagram); err != nil {
		c.hangUp()
		c.notUntil = now.Add(dialAgain)
		return err
	}
	return nil
}

func (c *Client) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *Client) trouble(err error) {
	if c.troubles.Due() {
		c.logger.Warn("statsd does not get all values: "+err.Error(), "address", c.address)
	}
}
