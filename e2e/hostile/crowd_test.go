package hostile

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"highball/e2e/harness"
)

// pause is how long a slow client waits between two bytes, or two small reads.
const pause = 2 * time.Second

// manner is how a slow client behaves on one connection, until the connection ends.
type manner struct {
	receive int // the size of its receive buffer, 0: as the system has it
	behave  func(ctx context.Context, c net.Conn)
}

// kind is what slow clients do, by their number.
type kind func(n int) manner

// crowd is a number of slow clients. One whose connection ends makes another.
type crowd struct {
	address string
	size    int
	first   int // number of the first, so that two crowds have not the same addresses
	kind    kind

	stop      context.CancelFunc
	clients   sync.WaitGroup
	connected atomic.Int64 // clients that are connected
	made      atomic.Int64 // connections, up to now
}

// come has all of them connect, and returns when they are.
func (c *crowd) come(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	dialing := make(chan struct{}, 32) // so many at a time: the backlog is no subject of this
	for n := range c.size {
		c.clients.Go(func() { c.client(ctx, c.first+n, dialing) })
	}
	t.Cleanup(c.leave)
	harness.Eventually(t, fmt.Sprintf("%d slow clients are connected", c.size), func() bool { return int(c.connected.Load()) >= c.size*95/100 })
}

// leave has all of them reset their connections.
func (c *crowd) leave() {
	c.stop()
	c.clients.Wait()
}

func (c *crowd) client(ctx context.Context, n int, dialing chan struct{}) {
	for ctx.Err() == nil {
		c.connection(ctx, n, dialing)
		wait(ctx, pause/10) // the server has closed it
	}
}

func (c *crowd) connection(ctx context.Context, n int, dialing chan struct{}) {
	m := c.kind(n - c.first)
	dialing <- struct{}{}
	conn, err := dial(ctx, c.address, n, m.receive)
	<-dialing
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer conn.Close()
	c.made.Add(1)
	c.connected.Add(1)
	defer c.connected.Add(-1)
	m.behave(ctx, conn)
}

// wait says whether the time has passed, and the clients are still to go on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// says sends the text at once.
func says(ctx context.Context, c net.Conn, text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil && ctx.Err() == nil
}

// dribbles sends the text, or as much of it as the server takes, a piece at a time.
// What the server says meanwhile it does not read.
func dribbles(ctx context.Context, c net.Conn, text string, piece int) {
	for ; len(text) >= piece && wait(ctx, pause); text = text[piece:] {
		if !says(ctx, c, text[:piece]) {
			return
		}
	}
}

// awaitsEnd reads until the connection ends, which is what a silent client does.
func awaitsEnd(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// header kinds: a head that comes byte by byte, one that stops after its first byte,
// and one that stops before its end.
func slowHead(n int) manner {
	head := harness.Request("GET", "/quick", "X-Slow: "+strings.Repeat("x", 4000))
	return manner{behave: func(ctx context.Context, c net.Conn) {
		switch n % 3 {
		case 0:
			dribbles(ctx, c, head, 1)
		case 1:
			if says(ctx, c, head[:1]) {
				awaitsEnd(c)
			}
		default:
			if says(ctx, c, head[:len(head)-2]) {
				awaitsEnd(c)
			}
		}
	}}
}

// body kinds: a large body and a small one that come byte by byte, one in chunks, one
// of which nothing comes, one whose last byte is missing, and one that is not sent
// though the client was told to go on, or waits for that.
func slowBody(n int) manner {
	large := harness.Request("POST", "/body", fmt.Sprintf("Content-Length: %d", mebibyte))
	return manner{behave: func(ctx context.Context, c net.Conn) {
		switch n % 6 {
		case 0:
			if says(ctx, c, large) {
				dribbles(ctx, c, strings.Repeat("x", 4000), 1)
			}
		case 1:
			if says(ctx, c, harness.Request("POST", "/body", "Content-Length: 4000")) {
				dribbles(ctx, c, strings.Repeat("x", 3999), 1)
			}
		case 2:
			if says(ctx, c, harness.Request("POST", "/body", "Transfer-Encoding: chunked")) {
				dribbles(ctx, c, strings.Repeat("1\r\nx\r\n", 1000), len("1\r\nx\r\n"))
			}
		case 3:
			if says(ctx, c, large) {
				awaitsEnd(c)
			}
		case 4:
			if says(ctx, c, harness.Request("POST", "/body", "Expect: 100-continue", "Content-Length: 4000")) {
				awaitsEnd(c)
			}
		default:
			if says(ctx, c, large+strings.Repeat("x", mebibyte-1)) {
				awaitsEnd(c)
			}
		}
	}}
}

// reading kinds: 3 MiB in one block or in many, which is just more than the system's
// buffers take; 64 MiB of a file, which cost nothing to keep; and of 64 MiB that the
// application makes twice as many as there are slots.
func slowReading(n int) manner {
	path := [...]string{"/in-one?kib=3072", "/blocks?kib=3072", "/file"}[n%3]
	if n < 2*workers*threads {
		path = [...]string{"/in-one?kib=65536", "/blocks?kib=65536"}[n%2]
	}
	return manner{receive: 4096, behave: func(ctx context.Context, c net.Conn) {
		if !says(ctx, c, harness.Request("GET", path)) {
			return
		}
		few := make([]byte, 16)
		for wait(ctx, pause) {
			if _, err := c.Read(few); err != nil {
				return
			}
		}
	}}
}
