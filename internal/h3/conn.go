package h3

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"highball/internal/h1"
	"highball/internal/origin"
)

// conn is a connection of HTTP/3.
type conn struct {
	server  *Server
	quic    *quic.Conn
	base    context.Context // of its requests
	control *quic.SendStream
	streams sync.WaitGroup

	// Streams of which there is one (RFC 9114 6.2, RFC 9204 4.2), by their types.
	unique [4]sync.Once

	mu      sync.Mutex
	active  int    // requests
	next    uint64 // the first stream that has not been taken
	last    bool   // no more are: the final GOAWAY is sent
	leaving bool   // the first GOAWAY is
	closing bool
	since   time.Time // of the last request's end
	idle    *time.Timer
	state   *tls.ConnectionState // once it is complete
	whole   context.Context      // of requests, from then on
}

// lastStream is what a first GOAWAY names: it says that no more are to begin, before
// anybody knows which are on their way (RFC 9114 5.2).
const lastStream = 1<<62 - 4

func newConn(s *Server, q *quic.Conn) *conn {
	c := &conn{since: time.Now(), server: s, quic: q, base: context.WithValue(q.Context(), http.LocalAddrContextKey, q.LocalAddr())}
	c.base = context.WithValue(c.base, connKey{}, c)
	return c
}

type connKey struct{}

// begin opens this side's control stream, with its settings.
func (c *conn) begin() (err error) {
	if c.control, err = c.quic.OpenUniStream(); err != nil {
		return err
	}
	_ = c.control.SetWriteDeadline(time.Now().Add(c.server.HeadTimeout)) // for who grants no room for it
	_, err = c.control.Write(appendSettings([]byte{streamControl}, c.server.Limits.Head))
	c.idle = time.AfterFunc(c.server.IdleTimeout, c.expire)
	return err
}

// serve serves requests until the connection ends.
func (c *conn) serve() {
	defer c.idle.Stop()
	go c.acceptUnidirectional()
	for {
		stream, err := c.quic.AcceptStream(c.quic.Context())
		if err != nil {
			break
		}
		if !c.take(stream) {
			stream.CancelRead(quic.StreamErrorCode(requestRejected))
			stream.CancelWrite(quic.StreamErrorCode(requestRejected))
			stream.ReleaseStreamCredit()
			continue
		}
		go c.serveRequest(stream)
	}
	c.streams.Wait()
}

// take counts a request in, unless no more are taken.
func (c *conn) take(stream *quic.Stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last {
		return false
	}
	c.next = uint64(stream.StreamID()) + 4
	c.active++
	c.idle.Stop()
	c.server.requests.Add(1)
	c.streams.Add(1)
	return true
}

// serveRequest serves a stream. The client may open another for it only when the
// handler has returned: streams that are reset at once do not pile up handlers.
func (c *conn) serveRequest(stream *quic.Stream) {
	defer c.streams.Done()
	defer c.ended()
	defer stream.ReleaseStreamCredit()
	buf := c.server.buffers.Get().(*[]byte)
	x := &exchange{conn: c, stream: stream, in: &reader{src: stream, buf: *buf}}
	x.serve()
	x.body.end(http.ErrBodyReadAfterClose) // nobody reads any more
	c.server.buffers.Put(buf)
}

// ended counts a request out.
func (c *conn) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.active--; c.active > 0 {
		return
	}
	c.since = time.Now()
	c.idle.Reset(c.server.IdleTimeout)
	if c.last {
		go c.closeWhenTaken()
	}
}

// expire ends a connection on which nothing is asked.
func (c *conn) expire() {
	c.mu.Lock()
	busy := c.active > 0
	c.mu.Unlock()
	if !busy {
		c.stopTaking()
	}
}

// drain tells the client to begin no more requests; those that are on their way by
// then are served.
func (c *conn) drain() {
	c.mu.Lock()
	begun := c.leaving
	c.leaving = true
	c.mu.Unlock()
	if begun {
		return
	}
	go func() {
		c.sendGoAway(lastStream)
		select {
		case <-time.After(c.server.Linger):
			c.stopTaking()
		case <-c.quic.Context().Done():
		}
	}()
}

// stopTaking sends the final GOAWAY: what comes from here on the client may ask for
// elsewhere (RFC 9114 5.2).
func (c *conn) stopTaking() {
	c.mu.Lock()
	again := c.last
	c.last, c.leaving = true, true
	next, busy := c.next, c.active > 0
	c.mu.Unlock()
	if again {
		return
	}
	go c.sendGoAway(next)
	if !busy {
		go c.closeWhenTaken()
	}
}

// sendGoAway does not wait for long for a client that grants no room for it.
func (c *conn) sendGoAway(id uint64) {
	_ = c.control.SetWriteDeadline(time.Now().Add(c.server.Linger))
	_, _ = c.control.Write(appendGoAway(nil, id))
}

// closeWhenTaken closes the connection when the client has what was sent. QUIC does not
// tell; but as long as something is missing, packets go to and fro. A client that never
// stops is not waited for.
func (c *conn) closeWhenTaken() {
	c.mu.Lock()
	again := c.closing
	c.closing = true
	c.mu.Unlock()
	if again {
		return
	}
	before, late := c.quic.ConnectionStats(), time.Now().Add(c.server.WriteTimeout)
	for quiet := time.Duration(0); quiet < c.quietTime() && time.Now().Before(late); {
		select {
		case <-c.quic.Context().Done():
			return
		case <-time.After(quietStep):
		}
		now := c.quic.ConnectionStats()
		if quiet += quietStep; now.PacketsSent != before.PacketsSent || now.PacketsReceived != before.PacketsReceived {
			quiet = 0
		}
		before = now
	}
	c.close(noError, "")
}

const (
	quietStep = 20 * time.Millisecond
	leastTime = 200 * time.Millisecond
)

// quietTime is longer than what is lost waits to be sent again (RFC 9002 6.2).
func (c *conn) quietTime() time.Duration {
	return leastTime + 6*c.quic.ConnectionStats().SmoothedRTT
}

// closeIfIdle closes a connection without requests, and says whether it has some.
func (c *conn) closeIfIdle() (busy bool) {
	c.mu.Lock()
	busy = c.active > 0
	c.last = c.last || !busy
	c.mu.Unlock()
	if !busy {
		go c.close(noError, "")
	}
	return busy
}

// evict closes a connection, if nothing was asked on it for so long.
func (c *conn) evict(idle time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last || c.active > 0 || time.Since(c.since) < idle {
		return false
	}
	c.last = true
	go c.close(noError, "")
	return true
}

func (c *conn) close(code code, reason string) {
	_ = c.quic.CloseWithError(quic.ApplicationErrorCode(code), reason)
}

// fail ends the connection for what the client did wrong.
func (c *conn) fail(f *fault) {
	c.refused(f.refusal())
	c.close(f.code, f.Error())
}

func (c *conn) refused(refusal *h1.Refusal) {
	if c.server.Refused != nil {
		c.server.Refused(c.quic.RemoteAddr(), refusal)
	}
}

// confirmed says whether the handshake is complete: until then, what comes may be a copy
// of what somebody else has sent (RFC 8470).
func (c *conn) confirmed() bool {
	select {
	case <-c.quic.HandshakeComplete():
		return true
	default:
		return false
	}
}

// verified says whether the client had shown that it receives at its address before the
// handshake began: by a token of an earlier connection, or of a Retry.
func (c *conn) verified() bool {
	h, ok := c.quic.Context().Value(handshakeKey{}).(*handshake)
	return ok && h.verified
}

func (c *conn) awaitConfirmed() bool {
	select {
	case <-c.quic.HandshakeComplete():
		return true
	case <-c.quic.Context().Done():
		return false
	}
}

// tls is the state of the connection as each request has it.
func (c *conn) tls() *tls.ConnectionState {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != nil {
		return c.state
	}
	state := c.quic.ConnectionState().TLS
	if state.HandshakeComplete {
		c.state = &state
	}
	return &state
}

// earlyData is the name in environ of what marks a request that a copy may have been
// made of (RFC 8470).
const earlyData = "highball.early_data"

// context is what a request's is made of.
func (c *conn) context(early bool) context.Context {
	ctx := c.served(c.tls())
	if early {
		o := origin.Origin{}
		if of := origin.Of(ctx); of != nil {
			o = *of
		}
		o.Variables = append(slices.Clip(o.Variables), origin.Variable{Name: earlyData, Value: "1"})
		ctx = origin.With(ctx, &o)
	}
	return ctx
}

// served is the context of requests once the handshake is complete, which is made once.
func (c *conn) served(state *tls.ConnectionState) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole != nil {
		return c.whole
	}
	ctx := c.base
	if c.server.Context != nil {
		ctx = c.server.Context(ctx, state)
	}
	if c.state != nil {
		c.whole = ctx
	}
	return ctx
}

// Refused counts, and tells the log of, what a handler refuses for a fault of the
// request of ctx. It says whether the request is one of HTTP/3.
func Refused(ctx context.Context, refusal *h1.Refusal) bool {
	c, ok := ctx.Value(connKey{}).(*conn)
	if ok {
		c.refused(refusal)
	}
	return ok
}

// Serves says whether a request's context is one of HTTP/3.
func Serves(ctx context.Context) bool { return ctx.Value(connKey{}) != nil }

// The types of unidirectional streams: RFC 9114 6.2, RFC 9204 4.2.
const (
	streamControl = 0
	streamPush    = 1
	streamEncoder = 2
	streamDecoder = 3
)

func (c *conn) acceptUnidirectional() {
	for {
		stream, err := c.quic.AcceptUniStream(c.quic.Context())
		if err != nil {
			return
		}
		go c.serveUnidirectional(stream)
	}
}

func (c *conn) serveUnidirectional(stream *quic.ReceiveStream) {
	defer stream.ReleaseStreamCredit()
	in := &reader{src: stream, buf: make([]byte, 64)}
	kind, err := in.varint()
	if err != nil {
		return // one that never said what it is
	}
	if kind > streamDecoder {
		stream.CancelRead(quic.StreamErrorCode(streamCreationError)) // RFC 9114 6.2
		return
	}
	first := false
	c.unique[kind].Do(func() { first = true })
	switch {
	case kind == streamPush:
		err = connectionFault(streamCreationError, "RFC 9114 6.2.2", "a push stream of a client")
	case !first:
		err = connectionFault(streamCreationError, "RFC 9114 6.2.1", "a second stream of type %d", kind)
	case kind == streamControl:
		err = (&control{in: in}).read()
	case kind == streamEncoder:
		err = readEncoderStream(in)
	case kind == streamDecoder:
		err = readDecoderStream(in)
	}
	var wrong *fault
	var reset *quic.StreamError
	switch {
	case errors.As(err, &wrong):
		c.fail(wrong)
	case errors.As(err, &reset):
		c.fail(criticalClosed())
	}
}
