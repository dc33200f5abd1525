package h2

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2/hpack"

	"highball/internal/h1"
)

// A connection that is closed while its client sends goes on taking for a while: a
// close with unread data resets it, and may destroy what is on its way.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 1 << 20
)

// conn is one connection.
type conn struct {
	server  *Server
	net     net.Conn
	ctx     context.Context // of the connection; each request has a child of it
	remote  string
	tls     *tls.ConnectionState
	watcher Watcher

	// Of the goroutine that reads.
	in      input
	ahead   []byte // is read before what comes
	within  bool   // a frame that has to be read whole
	decoder *hpack.Decoder
	block   block
	names   map[string]string // canonical ones
	ready   []*stream         // whose handlers are to be started

	partial atomic.Int64 // since when something has come in part: the tick, or 0

	mu       sync.Mutex
	streams  map[uint32]*stream // that are open, or half of it
	load     int                // those, and handlers of streams that are closed
	lastID   uint32             // the highest that the client has opened
	closed   history
	greeted  bool // the client's SETTINGS have come
	leaving  leaving
	over     bool // nothing is read any more
	output   output
	flow     flow
	calm     calm
	began    int64 // tick
	idleFrom int64 // tick of the last answer

	before, after *conn  // in the warden's list, under its lock
	taken         uint64 // when the warden last looked
}

func (s *Server) newConn(ctx context.Context, nc net.Conn, read []byte) *conn {
	now := s.warden.clock.Load()
	c := &conn{
		server: s, net: nc, ctx: ctx, remote: nc.RemoteAddr().String(), watcher: unwatched{}, ahead: read,
		streams: map[uint32]*stream{}, names: map[string]string{}, began: now, idleFrom: busy,
	}
	c.block.limits = s.Limits.WithDefaults()
	c.decoder = hpack.NewDecoder(tableSize, c.block.take)
	c.flow = newFlow(s)
	c.calm = newCalm()
	c.output.changed.L = &c.mu
	c.partial.Store(now + 1) // the preface
	if secure, ok := nc.(interface{ ConnectionState() tls.ConnectionState }); ok {
		state := secure.ConnectionState()
		c.tls = &state
	}
	if s.Watch != nil {
		if w := s.Watch(ctx); w != nil {
			c.watcher = w
		}
	}
	return c
}

// serve reads until the connection ends, and says why it does.
func (c *conn) serve() error {
	c.mu.Lock()
	c.watcher.Active()
	c.greet()
	c.mu.Unlock()
	if err := c.readPreface(); err != nil {
		return err
	}
	for {
		if c.partial.Load() != 0 && c.greeted && c.block.stream == 0 {
			c.partial.Store(0)
		}
		if err := c.need(frameHead); err != nil {
			return err
		}
		err := c.receive(parseHead(c.in.take(frameHead)))
		if f, ok := err.(*fault); ok && f.stream != 0 {
			err = c.resetFor(f)
		}
		if err != nil {
			return err
		}
	}
}

// greet says what this server takes (RFC 9113 3.4).
func (c *conn) greet() {
	const list = 5
	b := appendHead(c.output.room(c.server), 6*list, settings, 0, 0)
	for _, s := range [list]struct {
		id    uint16
		value int
	}{
		{settingMaxStreams, c.server.maxStreams()},
		{settingInitialWindow, c.server.streamBuffer()},
		{settingMaxFrame, maxFrame},
		{settingMaxList, c.block.limits.Head},
		{settingNoPriorities, 1},
	} {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, s.id), uint32(s.value))
	}
	c.output.pending = appendWindowUpdate(b, 0, int(c.flow.recv)-initialWindow)
	c.kick()
}

func (c *conn) readPreface() error {
	for n := 1; n <= len(preface); n++ {
		if err := c.need(n); err != nil {
			return err
		}
		if c.in.buf[c.in.r+n-1] != preface[n-1] {
			return connFault(protocolError, "RFC 9113 3.4", "the connection does not begin with the preface")
		}
	}
	c.in.take(len(preface))
	return nil
}

// settle is called when all that has come was looked at.
func (c *conn) settle() {
	for i, st := range c.ready {
		c.ready[i] = nil
		if st != nil {
			st.started = true
			c.server.crew.run(st)
		}
	}
	c.ready = c.ready[:0]
	c.notePartial()
}

// notePartial has the warden know whether more has to come soon.
func (c *conn) notePartial() {
	partial := c.within || c.in.buffered() > 0 || c.block.stream != 0 || !c.greeted
	if now := c.partial.Load(); partial && now == 0 {
		c.partial.Store(c.server.warden.clock.Load() + 1)
	} else if !partial && now != 0 {
		c.partial.Store(0)
	}
}

// end says goodbye, as far as there is somebody to hear it, and closes the connection.
// It returns when no handler runs any more.
func (c *conn) end(err error) {
	var f *fault
	evicted := false
	c.mu.Lock()
	switch {
	case errors.As(err, &f):
	case c.leaving.why != nil: // the warden has ended it
		f = c.leaving.why
	case errors.Is(err, os.ErrDeadlineExceeded): // it was idle, and another one waits for its place
		f, evicted = &fault{}, true
	}
	c.over = true
	if c.output.err != nil {
		f = nil
	}
	if f != nil && (f.code != noError || !c.leaving.final) {
		last := c.lastID
		if c.leaving.final {
			last = c.leaving.last // RFC 9113 6.8: never more than before
		}
		c.output.pending = appendGoAway(c.output.room(c.server), last, f.code, f.reason)
		c.kick()
	}
	c.abandon()
	c.mu.Unlock()
	if f != nil {
		c.tell(f)
		c.linger(evicted)
	}
	_ = c.net.Close()
	c.releaseInput()
	c.mu.Lock()
	for c.load > 0 || c.output.flushing {
		c.output.changed.Wait()
	}
	c.mu.Unlock()
}

// abandon ends all streams: their client has left, or is to. It needs mu.
func (c *conn) abandon() {
	c.output.putOff = false
	for _, st := range c.ready {
		if st != nil {
			c.load--
		}
	}
	c.ready = nil
	for _, st := range c.streams {
		c.forget(st, errClientLeft)
	}
}

// linger waits until what was written has gone, ends our direction, and throws away
// what still comes, for a time: not where somebody waits for that, and not for long
// where the client has known that it is to go.
func (c *conn) linger(evicted bool) {
	_ = c.net.SetWriteDeadline(time.Now().Add(lingerTime))
	c.mu.Lock()
	for c.output.flushing {
		c.output.changed.Wait()
	}
	brief := c.output.err != nil || evicted
	patience := lingerTime
	if c.leaving.final {
		patience = min(patience, c.server.linger())
	}
	c.watcher.Closing()
	c.mu.Unlock()
	half, ok := c.net.(interface{ CloseWrite() error })
	if brief || !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.net.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.CopyN(io.Discard, c.net, lingerBytes)
}

// tell has the server's owner know of a fault.
func (c *conn) tell(f *fault) {
	if c.server.Refused == nil || f.code == noError {
		return
	}
	status := http.StatusBadRequest
	if f.code == enhanceYourCalm || f.code == refusedStream {
		status = http.StatusTooManyRequests
	}
	c.server.Refused(c.net, &h1.Refusal{Status: status, Clause: f.clause, Reason: f.reason})
}
