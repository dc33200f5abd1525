package h3

import (
	"errors"
	"io"

	"github.com/quic-go/quic-go/quicvarint"
)

// readerBuffer is how much of a stream is read ahead, in bytes: the heads of most
// requests.
const readerBuffer = 4 << 10

// reader takes frames off a stream. What a deadline has interrupted can be read again.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int
	err  error // what the stream ended with; what was read before it comes first
}

// frameHeader is what each frame begins with (RFC 9114 7.1).
type frameHeader struct{ kind, length uint64 }

// nextFrame reads the header of a frame. The stream's end between two frames is io.EOF.
func (r *reader) nextFrame() (frameHeader, error) {
	for {
		kind, n, err := quicvarint.Parse(r.buf[r.r:r.w])
		if err == nil {
			length, m, err := quicvarint.Parse(r.buf[r.r+n : r.w])
			if err == nil {
				r.r += n + m
				return frameHeader{kind, length}, nil
			}
		}
		if err := r.fill(); err != nil {
			if err == io.EOF && r.r < r.w {
				err = truncated()
			}
			return frameHeader{}, err
		}
	}
}

func truncated() error {
	return connectionFault(frameError, "RFC 9114 7.1", "a stream that ends within a frame")
}

// varint reads a number.
func (r *reader) varint() (uint64, error) {
	for {
		value, n, err := quicvarint.Parse(r.buf[r.r:r.w])
		if err == nil {
			r.r += n
			return value, nil
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
}

// ReadByte is for what is no frame.
func (r *reader) ReadByte() (byte, error) {
	if r.r == r.w {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	r.r++
	return r.buf[r.r-1], nil
}

// fill reads at least one byte more.
func (r *reader) fill() error {
	if r.err != nil {
		return r.err
	}
	if r.r > 0 {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	n, err := r.src.Read(r.buf[r.w:])
	r.w += n
	r.note(err)
	if n > 0 {
		return nil
	}
	return err
}

// note keeps what ends the stream; a deadline does not.
func (r *reader) note(err error) {
	var timeout interface{ Timeout() bool }
	if err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
		r.err = err
	}
}

// Read reads what is at hand, or else from the stream.
func (r *reader) Read(p []byte) (int, error) {
	if r.r == r.w && r.err == nil && len(p) >= readerBuffer {
		n, err := r.src.Read(p)
		r.note(err)
		if n > 0 {
			err = nil // again at the next call
		}
		return n, err
	}
	if r.r == r.w {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.r:r.w])
	r.r += n
	return n, nil
}

// payload reads the whole of a frame's, whose length was found to be good.
func (r *reader) payload(length uint64) ([]byte, error) {
	p := make([]byte, 0, min(length, readerBuffer))
	for uint64(len(p)) < length {
		if len(p) == cap(p) { // memory grows with what has come, not with what was announced
			p = append(p, 0)[:len(p)]
		}
		n, err := r.Read(p[len(p):min(uint64(cap(p)), length)])
		p = p[:len(p)+n]
		if err == io.EOF {
			err = truncated()
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// skip throws away as much of the payload as comes.
func (r *reader) skip(length *uint64) error {
	var waste [512]byte
	for *length > 0 {
		n, err := r.Read(waste[:min(*length, uint64(len(waste)))])
		*length -= uint64(n)
		if err == io.EOF {
			err = truncated()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ended says whether it is known by now that nothing follows.
func (r *reader) ended() bool { return r.r == r.w && r.err == io.EOF }
