package h3

import (
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"sync"

	"github.com/quic-go/quic-go"
)

// body is a request's content: the payloads of its DATA frames (RFC 9114 4.1).
type body struct {
	x       *exchange
	trailer http.Header // with the names that were announced
	length  int64       // Content-Length, or -1
	waits   bool        // the client does, for "100 Continue"

	mu    sync.Mutex // for handlers that leave somebody who reads
	left  uint64     // of the frame's payload
	skips uint64     // of a frame that means nothing
	got   int64
	err   error // what ends it
}

// Read has "100 Continue" sent by the first call (RFC 9110 10.1.1), unless the
// response has begun.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	if b.waits {
		b.waits = false
		b.x.response.goOn()
	}
	if err := b.advance(); err != nil {
		return 0, b.over(err)
	}
	n, err := b.x.in.Read(p[:min(uint64(len(p)), b.left)])
	b.left -= uint64(n)
	b.got += int64(n)
	if err == io.EOF {
		err = truncated()
	}
	if err != nil {
		return n, b.over(err)
	}
	return n, nil
}

// advance finds the next payload.
func (b *body) advance() error {
	for b.left == 0 {
		if b.skips > 0 {
			if err := b.x.in.skip(&b.skips); err != nil {
				return err
			}
		}
		h, err := b.x.in.nextFrame()
		if err == io.EOF {
			return b.checkEnd()
		}
		if err != nil {
			return err
		}
		switch {
		case h.kind == frameData && b.length >= 0 && h.length > uint64(b.length-b.got):
			return malformed("RFC 9114 4.1.2", "more content than the %d bytes of Content-Length", b.length)
		case h.kind == frameData:
			b.left = h.length
		case h.kind == frameHeaders:
			return b.readTrailer(h.length)
		case known(h.kind):
			return connectionFault(frameUnexpected, "RFC 9114 7.2", "a frame %#x within a request", h.kind)
		default:
			b.skips = h.length
		}
	}
	return nil
}

func (b *body) checkEnd() error {
	if b.length >= 0 && b.got != b.length {
		return malformed("RFC 9114 4.1.2", "%d bytes of content where Content-Length says %d", b.got, b.length)
	}
	return io.EOF
}

// readTrailer reads the fields after the content, which never become fields of the
// request (RFC 9110 6.5.1), and what follows, which is nothing.
func (b *body) readTrailer(length uint64) error {
	fields, err := b.x.section(length)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if err := checkField(f); err != nil {
			return err
		}
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		if values, ok := b.trailer[name]; ok {
			b.trailer[name] = append(values, f.Value)
		}
	}
	for {
		h, err := b.x.in.nextFrame()
		switch {
		case err == io.EOF:
			return b.checkEnd()
		case err != nil:
			return err
		case known(h.kind):
			return connectionFault(frameUnexpected, "RFC 9114 4.1", "a frame %#x after the trailer section", h.kind)
		}
		if err := b.x.in.skip(&h.length); err != nil {
			return err
		}
	}
}

// over keeps what ends the body: a deadline does not. It needs mu.
func (b *body) over(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	b.err = err
	var wrong *fault
	var reset *quic.StreamError
	switch {
	case err == errSectionTooLarge:
		wrong = malformed("RFC 9114 4.2.2", "a trailer section beyond the limits")
		b.err = wrong
		b.x.fail(wrong)
	case errors.As(err, &wrong):
		b.x.fail(wrong)
	case errors.As(err, &reset):
		b.err = io.ErrUnexpectedEOF
	}
	return b.err
}

// end has later reads fail, and returns when none is in progress.
func (b *body) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
}

// Close is for who is done with it: the client need not send the rest.
func (b *body) Close() error {
	b.x.stream.CancelRead(quic.StreamErrorCode(noError))
	return nil
}

// leave ends the reading of somebody whom the handler has left behind.
func (b *body) leave() {
	b.x.stream.CancelRead(quic.StreamErrorCode(noError))
	b.end(http.ErrBodyReadAfterClose)
}
