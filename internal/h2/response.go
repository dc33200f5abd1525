package h2

import (
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"highball/internal/h1"
)

// bodyBuffer is how much of a response is held back until its length is known, or more
// comes, or Flush is called, in bytes.
const bodyBuffer = 2 << 10

var errDeadline = fmt.Errorf("h2: %w", os.ErrDeadlineExceeded)

// response is the http.ResponseWriter of one stream. Small responses leave in one go.
type response struct {
	stream *stream
	header http.Header
	sealed http.Header // what it was when the handler gave the status

	status   int
	length   int64  // Content-Length, or -1
	written  int64  // bytes of the body
	held     []byte // of these, what is held back
	block    []byte // the head, encoded
	encoded  bool
	headed   bool // it was sent
	bodiless bool // HEAD, 204, 304
}

// Header is what the handler changes until it writes.
func (w *response) Header() http.Header { return w.header }

// WriteHeader takes the status; a 1xx is sent at once (RFC 9110 15.2), but 101, which
// there is none of (RFC 9113 8.6).
func (w *response) WriteHeader(status int) {
	switch {
	case w.status != 0 || status == http.StatusSwitchingProtocols:
	case status >= 100 && status < 200:
		w.interim(status)
	default:
		w.begin(status)
		w.sealed = w.header.Clone()
		w.length = w.lengthField()
	}
}

// WriteHead takes a head as the gateway has it: its fields in order. It is encoded at
// once, so that they may be borrowed; HTTP/2 has no reason. Fields of Header that it
// does not name are sent as well.
func (w *response) WriteHead(status int, _ string, fields []h1.Field) {
	if w.status != 0 {
		return
	}
	w.begin(status)
	w.sealed, w.length = w.header, -1
	dated := false
	for _, f := range fields {
		switch {
		case h1.EqualFold(f.Name, "content-length"):
			if n, refusal := h1.ParseLength(f.Value); refusal == nil {
				w.length = n
			}
		case h1.EqualFold(f.Name, "date"):
			dated = true
		}
		if len(w.sealed) > 0 {
			delete(w.sealed, http.CanonicalHeaderKey(f.Name))
		}
	}
	if w.length < 0 {
		w.length = w.lengthField() // of a handler around
	}
	w.encode(fields, dated)
}

func (w *response) begin(status int) {
	w.status = status
	w.bodiless = w.stream.request.Method == http.MethodHead || !h1.BodyAllowed(status)
}

// lengthField is the Content-Length that the handler has set, or -1. One that cannot be
// true is taken out.
func (w *response) lengthField() int64 {
	values, ok := w.sealed["Content-Length"]
	if !ok {
		return -1
	}
	if len(values) == 1 {
		if n, refusal := h1.ParseLength(values[0]); refusal == nil {
			return n
		}
	}
	delete(w.sealed, "Content-Length")
	return -1
}

// encode writes the head: the fields given, then those of Header.
func (w *response) encode(fields []h1.Field, dated bool) {
	w.encoded = true
	b := appendStatus(w.block[:0], w.status)
	for _, f := range fields {
		b = appendField(b, f.Name, f.Value)
	}
	if len(w.sealed) > 0 {
		if w.status == http.StatusNoContent {
			delete(w.sealed, "Content-Length") // RFC 9110 8.6
		}
		for name, values := range w.sealed {
			dated = dated || name == "Date"
			if !strings.HasPrefix(name, http.TrailerPrefix) && !w.announced(name) {
				for _, value := range values {
					b = appendField(b, name, value)
				}
			}
		}
	}
	if !dated {
		b = appendField(b, "date", w.stream.conn.server.dates.Now())
	}
	w.block = b
}

// announced says whether Trailer names a field: it comes behind the body.
func (w *response) announced(name string) bool {
	for _, value := range w.sealed["Trailer"] {
		for each := range strings.SplitSeq(value, ",") {
			if textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(each)) == name {
				return true
			}
		}
	}
	return false
}

// Write writes a piece of the body.
func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.stream.request.Method == http.MethodHead:
		w.written += int64(len(p))
		return len(p), nil
	case w.bodiless:
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	if !w.headed && len(w.held)+len(p) <= bodyBuffer {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	return w.send(p, false)
}

// ReadFrom is io.Copy without a buffer of its own.
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	s := w.stream.conn.server
	b := s.borrowOutput()
	defer s.returnOutput(b)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{src}, b[:maxFrame])
}

// FlushError sends what has been written.
func (w *response) FlushError() error {
	w.WriteHeader(http.StatusOK)
	_, err := w.send(nil, false)
	return err
}

// Flush is http.Flusher's.
func (w *response) Flush() { _ = w.FlushError() }

// send sends the head, what was held back, and p; ends is for the end of the body.
func (w *response) send(p []byte, ends bool) (int, error) {
	if !w.encoded {
		w.addType()
		w.encode(nil, false)
	}
	st := w.stream
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !w.headed {
		if _, err := c.turn(st, 0); err != nil {
			return 0, err
		}
		w.headed, st.body.expects = true, false
		st.localEnded = ends && len(w.held)+len(p) == 0
		c.appendHeaders(st.id, w.block, st.localEnded)
		if st.localEnded {
			c.kickForAnswer()
			return 0, nil
		}
	}
	held := w.held
	w.held = held[:0]
	if _, err := c.sendData(st, held, ends && len(p) == 0 && len(held) > 0); err != nil {
		return 0, err
	}
	n, err := c.sendData(st, p, ends && !st.localEnded)
	if !ends {
		c.kick()
	}
	return n, err
}

// addType names the body's type where a handler has not, as net/http does; one that
// gives its fields in order has said all that it wants.
func (w *response) addType() {
	if _, set := w.sealed["Content-Type"]; !set && len(w.held) > 0 && !w.bodiless {
		w.sealed["Content-Type"] = []string{http.DetectContentType(w.held)}
	}
}

// finish ends the response of a handler that has returned.
func (w *response) finish() error {
	w.WriteHeader(http.StatusOK)
	// All that there is of the body is in hand; of an answer to HEAD that says nothing
	// of its length, nothing is known.
	isHead := w.stream.request.Method == http.MethodHead
	if !w.encoded && w.length < 0 && (!w.bodiless || isHead && w.written > 0 && h1.BodyAllowed(w.status)) {
		w.length = w.written
		w.sealed["Content-Length"] = []string{strconv.FormatInt(w.written, 10)}
	}
	short := !w.bodiless && w.written < w.length
	trailer := w.trailer()
	_, err := w.send(nil, !short && trailer == nil)
	switch {
	case err != nil:
		return err
	case short:
		return errShort // nobody must take it for whole: the stream is reset
	case trailer == nil:
		return nil
	}
	st := w.stream
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.turn(st, 0); err != nil {
		return err
	}
	st.localEnded = true
	c.appendHeaders(st.id, trailer, true)
	c.kick()
	return nil
}

// trailer are the fields behind the body, encoded; nil if there are none.
func (w *response) trailer() (b []byte) {
	if len(w.header) == 0 {
		return nil
	}
	for name, values := range w.header {
		field, prefixed := strings.CutPrefix(name, http.TrailerPrefix)
		if !prefixed && !w.announced(name) {
			continue
		}
		for _, value := range values {
			b = appendField(b, field, value)
		}
	}
	return b
}

// interim sends a 1xx with the fields that are set now.
func (w *response) interim(status int) {
	st := w.stream
	c := st.conn
	b := appendHeader(appendStatus(nil, status), w.header)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.turn(st, 0); err == nil {
		c.appendHeaders(st.id, b, false)
		c.kick()
	}
}

// refuse answers what is no request.
func (w *response) refuse(refusal *h1.Refusal) {
	w.header["Content-Type"] = []string{"text/plain; charset=utf-8"}
	w.WriteHeader(refusal.Status)
	_, _ = fmt.Fprintf(w, "%d %s\n", refusal.Status, http.StatusText(refusal.Status))
}

// SetReadDeadline is for http.ResponseController.
func (w *response) SetReadDeadline(t time.Time) error { return w.setDeadline(&w.stream.reading, t) }

// SetWriteDeadline is for http.ResponseController.
func (w *response) SetWriteDeadline(t time.Time) error { return w.setDeadline(&w.stream.writing, t) }

func (w *response) setDeadline(d *deadline, t time.Time) error {
	c := w.stream.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	d.at = t
	w.stream.changed.Broadcast()
	return nil
}

// EnableFullDuplex is for http.ResponseController: there is nothing to enable.
func (w *response) EnableFullDuplex() error { return nil }
