package h1

import "io"

// Body is a request's body. Trailer is known once it has been read to its end.
type Body struct {
	Trailer []Field // of a body in chunks

	r       *Reader
	framing Framing
	left    int64 // of the body, or of the chunk
	chunks  chunkState
	err     error // that ended it: io.EOF at its end
}

// Read reads some of the body. The error is io.EOF at its end, io.ErrUnexpectedEOF
// where the client has ended it early, a *Refusal where it is malformed.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if b.framing == ByChunks && b.left <= 0 {
		if b.err = b.nextChunk(); b.err != nil {
			return 0, b.err
		}
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.read(p)
	b.left -= int64(n)
	switch {
	case err != nil:
		b.err = unexpected(err)
	case b.left == 0 && b.framing == ByLength:
		b.err = io.EOF // saves the reader a question
		return n, nil
	}
	return n, b.err
}

// Ended says whether the body was read to its end, so that a head may follow.
func (b *Body) Ended() bool { return b.err == io.EOF }

// read takes what is buffered, or reads past the buffer.
func (r *Reader) read(p []byte) (int, error) {
	if r.r < r.w {
		n := copy(p, r.buf[r.r:r.w])
		r.r += n
		r.scan = r.r
		r.release()
		return n, nil
	}
	for range maxEmptyReads {
		if n, err := r.src.Read(p); n > 0 || err != nil {
			if n > 0 {
				err = nil
			}
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
