package h1

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Reader reads the requests of one connection, one after the other.
type Reader struct {
	src    io.Reader
	limits Limits
	lend   Buffers
	buf    []byte // nil while there is nothing in it
	mark   int    // what the buffer has to keep begins here: a head, or a line
	r, w   int    // what has not been read yet
	scan   int    // no line ends before this, as far as was looked from r

	empty   int          // lines before a head, so far
	ranges  []fieldRange // of the head that is read
	forHEAD bool         // as far as it has been read, it asks for no content
	head    Head         // that was borrowed last
}

// NewReader returns a Reader of what a client sends.
func NewReader(src io.Reader, limits Limits) *Reader {
	return &Reader{src: src, limits: limits.withDefaults(), lend: new(inputs)}
}

// Buffered is what was read of the connection and is not a part of what was returned.
func (r *Reader) Buffered() []byte { return r.buf[r.r:r.w] }

// errLineTooLong says that a line is longer than the limit that takeLine was given.
var errLineTooLong = errors.New("the line is too long")

// takeLine returns the next line without its CRLF, valid until the next call. limit
// is its greatest length with the CRLF.
func (r *Reader) takeLine(limit int, clause string) ([]byte, error) {
	for {
		if i := bytes.IndexByte(r.buf[r.scan:r.w], '\n'); i >= 0 {
			return r.line(r.scan+i, limit, clause)
		}
		r.scan = r.w
		if r.w-r.r >= limit {
			return nil, errLineTooLong
		}
		if err := r.fill(); err != nil {
			return nil, unexpected(err)
		}
	}
}

// line takes what ends with the newline at end.
func (r *Reader) line(end, limit int, clause string) ([]byte, error) {
	line := r.buf[r.r : end+1]
	if len(line) > limit {
		return nil, errLineTooLong
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, malformed(clause, "a line that ends without CR: %s", shown(line))
	}
	r.r, r.scan = end+1, end+1
	return line[:len(line)-2], nil
}

// fill reads more. Who holds slices of the buffer must not use them any more: it
// may have moved.
func (r *Reader) fill() error {
	switch {
	case r.buf == nil:
		r.buf = r.lend.Get()
	case r.w == len(r.buf):
		r.makeRoom()
	}
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// maxEmptyReads is how often in a row a read may bring nothing.
const maxEmptyReads = 100

// makeRoom moves what has to be kept to the front, or into a larger buffer.
func (r *Reader) makeRoom() {
	to := r.buf
	if r.mark < len(r.buf)/2 {
		to = make([]byte, 2*len(r.buf))
	}
	copy(to, r.buf[r.mark:r.w])
	if len(to) > len(r.buf) {
		r.lend.Put(r.buf)
	}
	r.buf = to
	r.r, r.w, r.scan, r.mark = r.r-r.mark, r.w-r.mark, r.scan-r.mark, 0
}

// await waits for the first bytes of a request, if there are none. Empty lines, which
// some clients send after a body, are none.
func (r *Reader) await() error {
	for {
		for r.empty < maxEmptyLines && bytes.HasPrefix(r.Buffered(), []byte("\r\n")) {
			r.r += 2
			r.scan = r.r
			r.empty++
		}
		if r.r < r.w {
			return nil
		}
		r.rest()
		if err := r.fillLate(); err != nil {
			return err
		}
	}
}

// fillLate reads into a buffer that is borrowed when there is something to read, where
// the source lets it.
func (r *Reader) fillLate() (err error) {
	late, ok := r.src.(interface {
		ReadLate(b Buffers) (p []byte, n int, err error)
	})
	if !ok {
		return r.fill()
	}
	r.buf, r.w, err = late.ReadLate(r.lend)
	return err
}

// rest gives an empty buffer back.
func (r *Reader) rest() {
	if r.r == r.w && r.buf != nil {
		r.lend.Put(r.buf)
		r.buf, r.mark, r.r, r.w, r.scan = nil, 0, 0, 0, 0
	}
}

// release has the buffer keep nothing before what is unread.
func (r *Reader) release() { r.mark = r.r }

// unexpected is the error of a connection that ends where it must not.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// tooLarge is the refusal of a head or a line beyond its limit.
func tooLarge(status int, what string) *Refusal {
	clause := "RFC 6585 5"
	if status == http.StatusRequestURITooLong {
		clause = "RFC 9110 15.5.15"
	}
	return &Refusal{status, clause, what}
}
