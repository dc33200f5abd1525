package h1

import (
	"io"
	"net/http"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"
)

// requestBody is a Body that tells a client that waits for it to send.
type requestBody struct {
	Body
	conn    *conn
	trailer http.Header // with the names that were announced
	waits   bool        // the client does, for "100 Continue"

	mu   sync.Mutex // for handlers that leave somebody who reads
	over bool       // the handler has returned

	refused bool // and told of

	// The response may begin while somebody reads.
	telling  sync.Mutex  // where the client waits: it is told before the response, or not at all
	told     bool        // it need not be, or must not be any more
	hopeless atomic.Bool // what is left is too long to be read, or cannot be
}

func (b *requestBody) begin(c *conn, h *Head) {
	b.Body, b.conn, b.trailer, b.waits, b.over, b.told, b.refused = c.in.body(h), c, nil, h.Expects, false, false, false
	b.judge()
}

// Read has "100 Continue" sent by the first call (RFC 9110 10.1.1), unless the
// final response has begun.
func (b *requestBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.waits {
		if err := b.tell(); err != nil {
			return 0, err
		}
	}
	n, err := b.Body.Read(p)
	b.judge()
	if err == io.EOF {
		for _, f := range b.Trailer {
			name := textproto.CanonicalMIMEHeaderKey(f.Name)
			if values, ok := b.trailer[name]; ok {
				b.trailer[name] = append(values, f.Value)
			}
		}
		b.Trailer = nil // once
	}
	return n, err
}

// tell has the client send.
func (b *requestBody) tell() error {
	b.telling.Lock()
	defer b.telling.Unlock()
	if b.told {
		return nil
	}
	b.told = true
	b.conn.out.writeString("HTTP/1.1 100 Continue\r\n\r\n")
	return b.conn.out.flush()
}

// answered is called when the response begins. It says whether the connection has to
// end: the rest of the body is too long, or may never be sent.
func (b *requestBody) answered() (ends bool) {
	if b.waits {
		b.telling.Lock()
		defer b.telling.Unlock()
		ends = !b.told && !b.Ended()
		b.told = true
	}
	return ends || b.hopeless.Load()
}

// judge is called when something was read.
func (b *requestBody) judge() {
	if _, is := b.err.(*Refusal); is && !b.refused {
		b.refused = true
		b.conn.tell(b.err)
	}
	hopeless := !b.Ended() && (b.err != nil || b.framing == ByLength && b.left > drainBytes)
	if hopeless != b.hopeless.Load() {
		b.hopeless.Store(hopeless)
	}
}

// Close is for handlers that are done with it; the connection sees to the rest.
func (b *requestBody) Close() error { return nil }

// leave ends the reading of somebody whom the handler has left behind.
func (b *requestBody) leave() {
	if !b.mu.TryLock() {
		b.conn.deadlines.Store(true)
		_ = b.conn.net.SetReadDeadline(time.Unix(1, 0))
		b.mu.Lock()
	}
	b.over = true
	b.mu.Unlock()
}

// What is read of a body that the handler has left, so that the connection can
// serve another request.
const (
	drainTime  = 2 * time.Second
	drainBytes = 256 << 10
)

// drain reads the rest of the body, if that is worth it.
func (b *requestBody) drain() bool {
	if b.Ended() {
		return true
	}
	if b.hopeless.Load() {
		return false
	}
	_ = b.conn.net.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, &b.Body, drainBytes+1)
	b.judge()
	_ = b.conn.net.SetReadDeadline(time.Time{})
	return b.Ended()
}
