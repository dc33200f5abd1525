package h1

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// bodyBuffer is how much of a response is held back until its length is known, or
// more comes, or Flush is called, in bytes.
const bodyBuffer = 2 << 10

// response is the http.ResponseWriter of one request. It delimits the body
// (RFC 9112 6): by Content-Length where the handler says it, or is done before the
// buffer is full; in chunks; or to HTTP/1.0 by the end of the connection.
type response struct {
	conn   *conn
	head   *Head
	body   *requestBody
	header http.Header
	sealed http.Header // what it was when the handler gave the status

	status   int
	length   int64  // Content-Length, or -1
	written  int64  // bytes of the body
	held     []byte // of these, what is held back
	headed   bool   // the head has been written
	chunked  bool
	bodiless bool // HEAD, 204, 304
	close    bool // the connection, after the response
}

// Header is what the handler changes until it writes.
func (w *response) Header() http.Header { return w.header }

// WriteHeader takes the status; a 1xx is sent at once (RFC 9110 15.2), but not to
// HTTP/1.0.
func (w *response) WriteHeader(status int) {
	switch {
	case w.status != 0:
	case status >= 100 && status < 200 && status != http.StatusSwitchingProtocols:
		w.interim(status)
	default:
		w.begin(status)
		w.sealed = w.header.Clone()
		w.length = w.lengthField()
	}
}

// WriteHead takes a head as the gateway has it: with its reason, and its fields in
// order, as they are spelled, those that frame the body among them. It is written at
// once, so that reason and fields may be borrowed. Fields of Header that it does not
// name are sent as well.
func (w *response) WriteHead(status int, reason string, fields []Field) {
	if w.status != 0 {
		return
	}
	w.begin(status)
	w.sealed = w.header
	dated := false
	for _, f := range fields {
		switch {
		case equalFold(f.Name, "content-length"):
			if n, refusal := parseLength(f.Value); refusal == nil {
				w.length = n
			}
		case equalFold(f.Name, "date"):
			dated = true
		}
		if len(w.sealed) > 0 {
			delete(w.sealed, http.CanonicalHeaderKey(f.Name))
		}
	}
	if w.length < 0 {
		w.length = w.lengthField() // of a handler around
	}
	w.writeHead(reason, fields, dated)
}

func (w *response) begin(status int) {
	w.status = status
	w.bodiless = w.head.Method == http.MethodHead || !bodyAllowed(status)
}

// bodyAllowed: RFC 9110 6.4.1.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// lengthField is the Content-Length that the handler has set, or -1. One that cannot
// be true is taken out.
func (w *response) lengthField() int64 {
	values, ok := w.sealed["Content-Length"]
	if !ok {
		return -1
	}
	if len(values) == 1 {
		if n, refusal := parseLength(values[0]); refusal == nil {
			return n
		}
	}
	delete(w.sealed, "Content-Length")
	return -1
}

// Write writes a piece of the body.
func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.head.Method == http.MethodHead:
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
	w.release()
	w.piece(p)
	return len(p), w.conn.out.err
}

// ReadFrom has the kernel send a file (sendfile), where the length is known.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	w.WriteHeader(http.StatusOK)
	_, ok := w.conn.net.(io.ReaderFrom)
	limited, bounded := src.(*io.LimitedReader)
	if !ok || !bounded || w.bodiless || w.length < 0 || w.written+limited.N > w.length {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	w.release()
	if err := w.conn.out.flush(); err != nil {
		return 0, err
	}
	n, err := w.conn.ReadFrom(src)
	w.written += n
	return n, err
}

// FlushError sends what has been written.
func (w *response) FlushError() error {
	w.WriteHeader(http.StatusOK)
	w.release()
	return w.conn.out.flush()
}

// release writes the head, and what was held back behind it.
func (w *response) release() {
	if !w.headed {
		w.addType()
		w.writeHead("", nil, false)
	}
	w.piece(w.held)
	w.held = w.held[:0]
}

// piece writes some of the body, as a chunk where there are any.
func (w *response) piece(p []byte) {
	if len(p) == 0 {
		return
	}
	out := &w.conn.out
	if !w.chunked {
		out.write(p)
		return
	}
	out.chunkSize(len(p))
	out.write(p)
	out.writeString("\r\n")
}

// finish ends the response of a handler that has returned.
func (w *response) finish() error {
	w.WriteHeader(http.StatusOK)
	// All that there is of the body is in hand; of an answer to HEAD that says nothing
	// of its length, nothing is known.
	if !w.headed && w.length < 0 && (!w.bodiless || w.head.Method == http.MethodHead && w.written > 0 && bodyAllowed(w.status)) {
		w.length = w.written
		w.sealed["Content-Length"] = []string{strconv.FormatInt(w.written, 10)}
	}
	w.release()
	if w.chunked {
		w.conn.out.writeString("0\r\n\r\n")
	}
	if !w.bodiless && w.written < w.length {
		w.close = true // nobody must take it for whole
	}
	return w.conn.out.flush()
}

// interim sends a 1xx with the fields that are set now.
func (w *response) interim(status int) {
	if w.head.Minor == 0 {
		return
	}
	w.body.telling.Lock() // somebody may read, and have the client told
	defer w.body.telling.Unlock()
	b := appendStatus(w.conn.out.room(), status, "")
	b = appendHeader(b, w.header)
	w.conn.out.buf = append(b, "\r\n"...)
	_ = w.conn.out.flush()
}

// SetReadDeadline is for http.ResponseController.
func (w *response) SetReadDeadline(t time.Time) error {
	w.conn.deadlines.Store(true)
	return w.conn.net.SetReadDeadline(t)
}

// SetWriteDeadline is for http.ResponseController.
func (w *response) SetWriteDeadline(t time.Time) error {
	w.conn.deadlines.Store(true)
	return w.conn.net.SetWriteDeadline(t)
}

// EnableFullDuplex is for http.ResponseController: there is nothing to enable.
func (w *response) EnableFullDuplex() error { return nil }
