package h3

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quic-go/qpack"

	"highball/internal/h1"
)

// bodyBuffer is how much of a response is held back until its length is known, or
// more comes, or Flush is called, in bytes.
const bodyBuffer = 2 << 10

// pieceSize is the size, in bytes, in which a response is written: what its client has
// to take within the server's WriteTimeout.
const pieceSize = 16 << 10

// response is the http.ResponseWriter of a request.
type response struct {
	x      *exchange
	method string
	header http.Header

	mu       sync.Mutex // of what is written, for a body whose reader has the client told to go on
	status   int
	length   int64  // Content-Length, or -1
	written  int64  // bytes of the body
	out      []byte // frames that are to be written
	held     []byte // of the body, before the head is written
	headed   bool   // the head is in out, or written
	bodiless bool   // HEAD, 204, 304
	broken   error  // a frame was not written to its end

	times    sync.Mutex
	deadline time.Time // the handler's
	piece    time.Time // this server's own
}

func (w *response) begin(x *exchange, method string) {
	w.x, w.method, w.header, w.length = x, method, http.Header{}, -1
}

// Header is what the handler changes until it writes.
func (w *response) Header() http.Header { return w.header }

// WriteHeader takes the status; a 1xx is sent at once (RFC 9114 4.1).
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(status)
}

func (w *response) writeHeader(status int) {
	switch {
	case w.status != 0:
	case status >= 100 && status < 200:
		if status != http.StatusSwitchingProtocols { // RFC 9114 4.5: there is none
			w.appendHead(status, nil, w.header, false)
			_ = w.send()
		}
	default:
		w.start(status)
		w.length = w.lengthField()
	}
}

// WriteHead takes a head as the gateway has it: its fields in order, those that frame
// the body among them. Texts are not kept. There is no reason phrase in HTTP/3. Fields
// of Header that it does not name are sent as well.
func (w *response) WriteHead(status int, _ string, fields []h1.Field) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status != 0 {
		return
	}
	w.start(status)
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
		delete(w.header, http.CanonicalHeaderKey(f.Name))
	}
	if w.length < 0 {
		w.length = w.lengthField() // of a handler around
	}
	w.headed = true
	w.appendHead(status, fields, w.header, !dated)
}

func (w *response) start(status int) {
	w.status = status
	w.bodiless = w.method == http.MethodHead || !h1.BodyAllowed(status)
	if status == http.StatusNoContent {
		delete(w.header, "Content-Length") // RFC 9110 8.6
	}
}

// lengthField is the Content-Length that the handler has set, or -1. One that cannot
// be true is taken out.
func (w *response) lengthField() int64 {
	if values := w.header["Content-Length"]; len(values) == 1 {
		if n, refusal := h1.ParseLength(values[0]); refusal == nil {
			return n
		}
	}
	delete(w.header, "Content-Length")
	return -1
}

// appendHead adds a HEADERS frame: the fields given, then those of header.
func (w *response) appendHead(status int, fields []h1.Field, header http.Header, dated bool) {
	var section bytes.Buffer
	e := sectionEncoder{qpack.NewEncoder(&section)}
	e.pseudo(":status", strconv.Itoa(status))
	for _, f := range fields {
		e.field(f.Name, f.Value)
	}
	for name, values := range header {
		if strings.HasPrefix(name, http.TrailerPrefix) || w.isTrailer(name) {
			continue
		}
		for _, value := range values {
			e.field(name, value)
		}
	}
	if _, set := header["Date"]; dated && !set {
		e.field("date", w.x.conn.server.dates.Now())
	}
	w.out = appendFrame(w.out, frameHeaders, section.Len())
	w.out = append(w.out, section.Bytes()...)
}

// Write writes a piece of the body.
func (w *response) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(http.StatusOK)
	switch {
	case w.method == http.MethodHead:
		w.written += int64(len(p))
		return len(p), nil
	case w.bodiless:
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	if len(w.held)+len(p) <= bodyBuffer {
		w.written += int64(len(p))
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.release(); err != nil {
		return 0, err
	}
	for n := 0; n < len(p); {
		piece := p[n:min(n+pieceSize, len(p))]
		w.data(piece)
		if err := w.send(); err != nil {
			return n, err
		}
		n += len(piece)
		w.written += int64(len(piece))
	}
	return len(p), nil
}

// data adds a DATA frame.
func (w *response) data(p []byte) {
	if len(p) > 0 {
		w.out = append(appendFrame(w.out, frameData, len(p)), p...)
	}
}

// release writes the head, and what was held back behind it.
func (w *response) release() error {
	w.prepare()
	return w.send()
}

func (w *response) prepare() {
	if !w.headed {
		w.headed = true
		if _, set := w.header["Content-Type"]; !set && len(w.held) > 0 && !w.bodiless {
			w.header["Content-Type"] = []string{http.DetectContentType(w.held)} // as net/http does
		}
		w.appendHead(w.status, nil, w.header, true)
	}
	w.data(w.held)
	w.held = w.held[:0]
}

// send writes what there is. What has stopped within a frame cannot go on.
func (w *response) send() error {
	if w.broken != nil || len(w.out) == 0 {
		return w.broken
	}
	w.limit(time.Now().Add(w.x.conn.server.WriteTimeout))
	_, w.broken = w.x.stream.Write(w.out)
	w.limit(time.Time{})
	if cap(w.out) > 2*pieceSize {
		w.out = nil
	}
	w.out = w.out[:0]
	return w.broken
}

// Flush is http.Flusher's.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends what has been written.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(http.StatusOK)
	return w.release()
}

// finish ends the response of a handler that has returned. An error is a response that
// nobody must take for whole.
func (w *response) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(http.StatusOK)
	// All that there is of the body is in hand; of an answer to HEAD that says nothing
	// of its length, nothing is known.
	if !w.headed && w.length < 0 && (!w.bodiless || w.method == http.MethodHead && w.written > 0) {
		w.length = w.written
		w.header["Content-Length"] = []string{strconv.FormatInt(w.written, 10)}
	}
	if w.length >= 0 && !w.bodiless && w.written < w.length {
		_ = w.release()
		return http.ErrContentLength
	}
	w.prepare()
	w.appendTrailers()
	if err := w.send(); err != nil {
		return err
	}
	return w.x.stream.Close()
}

// appendTrailers adds what net/http knows as trailers: fields that Trailer announced,
// and those whose names have a prefix.
func (w *response) appendTrailers() {
	var section bytes.Buffer
	e := sectionEncoder{qpack.NewEncoder(&section)}
	for name, values := range w.header {
		if after, ok := strings.CutPrefix(name, http.TrailerPrefix); ok || w.isTrailer(name) {
			for _, value := range values {
				e.field(after, value)
			}
		}
	}
	if section.Len() > 0 {
		w.out = append(appendFrame(w.out, frameHeaders, section.Len()), section.Bytes()...)
	}
}

func (w *response) isTrailer(name string) bool {
	for _, value := range w.header["Trailer"] {
		for announced := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(announced), name) {
				return true
			}
		}
	}
	return false
}

// goOn has a client send that waits for "100 Continue", before the response.
func (w *response) goOn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		w.appendHead(http.StatusContinue, nil, nil, false)
		_ = w.send()
	}
}

// SetReadDeadline is for http.ResponseController.
func (w *response) SetReadDeadline(t time.Time) error { return w.x.stream.SetReadDeadline(t) }

// SetWriteDeadline is for http.ResponseController.
func (w *response) SetWriteDeadline(t time.Time) error {
	w.times.Lock()
	defer w.times.Unlock()
	w.deadline = t
	return w.x.stream.SetWriteDeadline(sooner(w.deadline, w.piece))
}

// limit is this server's own deadline for a write.
func (w *response) limit(t time.Time) {
	w.times.Lock()
	defer w.times.Unlock()
	w.piece = t
	_ = w.x.stream.SetWriteDeadline(sooner(w.deadline, w.piece))
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// EnableFullDuplex is for http.ResponseController: there is nothing to enable.
func (w *response) EnableFullDuplex() error { return nil }

// sectionEncoder writes fields that HTTP/3 can have, and none else.
type sectionEncoder struct{ *qpack.Encoder }

func (e sectionEncoder) pseudo(name, value string) {
	_ = e.WriteField(qpack.HeaderField{Name: name, Value: value})
}

// field leaves out what is no name, and what belongs to a connection of HTTP/1, and
// makes a value fit.
func (e sectionEncoder) field(name, value string) {
	name = strings.ToLower(name)
	if h1.IsToken(name) && !h1.IsOfConnection(name) {
		_ = e.WriteField(qpack.HeaderField{Name: name, Value: h1.MakeValue(value)})
	}
}
