package h1

import (
	"errors"
	"io"
	"math"
	"net/http"
)

// chunkState is where the reading of a chunked body is (RFC 9112 7.1).
type chunkState struct {
	begun      bool // a chunk has been read, whose CRLF comes next
	extensions int  // bytes of them so far
	data       int64
}

// nextChunk reads up to the next chunk's data. At the last chunk it reads the
// trailer section, and the error is io.EOF.
func (b *Body) nextChunk() error {
	if b.chunks.begun {
		if err := b.endChunk(); err != nil {
			return err
		}
	}
	line, err := b.chunkLine()
	if err != nil {
		return err
	}
	size, refusal := parseChunkLine(line)
	if refusal != nil {
		return refusal
	}
	if size == 0 {
		return b.readTrailer()
	}
	if b.chunks.data > math.MaxInt64-size {
		return malformed("RFC 9112 7.1", "a body of more than 2^63 bytes")
	}
	b.chunks.begun, b.left = true, size
	b.chunks.data += size
	return nil
}

// maxSizeDigits is how many a chunk's size may have, zeros before it aside: as many as
// 2^63 needs.
const maxSizeDigits = 16

// chunkLine takes the line with a chunk's size. The extensions of all chunks
// together are bounded.
func (b *Body) chunkLine() ([]byte, error) {
	b.r.release()
	left := b.r.limits.ChunkExtensions - b.chunks.extensions
	line, err := b.r.takeLine(left+maxSizeDigits+len("\r\n"), "RFC 9112 7.1")
	if err == nil {
		extensions := len(line) - min(sizeDigits(line), maxSizeDigits) // zeros before a size count, too
		if b.chunks.extensions += extensions; extensions <= left {
			return line, nil
		}
		err = errLineTooLong
	}
	if err == errLineTooLong {
		return nil, malformed("RFC 9112 7.1.1", "more than %d bytes of chunk extensions", b.r.limits.ChunkExtensions)
	}
	return nil, err
}

// sizeDigits is how many hexadecimal digits a line begins with.
func sizeDigits(line []byte) (n int) {
	for n < len(line) && classes[line[n]]&hexByte != 0 {
		n++
	}
	return n
}

// endChunk takes the CRLF after a chunk's data.
func (b *Body) endChunk() error {
	r := b.r
	r.release()
	for r.w-r.r < 2 {
		if r.w > r.r && r.buf[r.r] != '\r' {
			break
		}
		if err := r.fill(); err != nil {
			return unexpected(err)
		}
	}
	if r.buf[r.r] != '\r' || r.buf[r.r+1] != '\n' {
		return malformed("RFC 9112 7.1", "a chunk whose data does not end with CRLF")
	}
	r.r += 2
	r.scan = r.r
	return nil
}

// readTrailer reads the fields after the last chunk. They never become fields of
// the request (RFC 9110 6.5.1).
func (b *Body) readTrailer() error {
	b.r.release()
	ranges, err := b.r.fieldRanges(nil)
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		refusal.Status = http.StatusBadRequest // of a body, whatever it is of a head
	}
	if err != nil {
		return err
	}
	if len(ranges) > 0 {
		b.Trailer = cut(nil, string(b.r.buf[b.r.mark:b.r.r]), ranges)
	}
	b.r.release()
	return io.EOF
}

// parseChunkLine: 1*HEXDIG and extensions (RFC 9112 7.1, 7.1.1).
func parseChunkLine(line []byte) (size int64, refusal *Refusal) {
	digits := sizeDigits(line)
	if digits == 0 {
		return 0, malformed("RFC 9112 7.1", "%s is no chunk size", shown(line))
	}
	for _, c := range line[:digits] {
		if size >= 1<<59 {
			return 0, malformed("RFC 9112 7.1", "a chunk size that is too large: %s", shown(line))
		}
		size = size<<4 | int64(hexValue(c))
	}
	if !validExtensions(line[digits:]) {
		return 0, malformed("RFC 9112 7.1.1", "%s is no chunk extension", shown(line[digits:]))
	}
	return size, nil
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// validExtensions: *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ).
func validExtensions(text []byte) bool {
	for len(text) > 0 {
		text = skipBWS(text)
		if len(text) == 0 || text[0] != ';' {
			return false
		}
		name, rest := cutToken(skipBWS(text[1:]))
		if len(name) == 0 {
			return false
		}
		text = rest
		value := skipBWS(rest)
		if len(value) == 0 || value[0] != '=' {
			continue
		}
		var ok bool
		if text, ok = cutExtensionValue(skipBWS(value[1:])); !ok {
			return false
		}
	}
	return true
}

func cutExtensionValue(text []byte) (rest []byte, ok bool) {
	if len(text) > 0 && text[0] == '"' {
		return cutQuoted(text[1:])
	}
	value, rest := cutToken(text)
	return rest, len(value) > 0
}

// cutQuoted takes a quoted-string whose opening quote has been taken (RFC 9110 5.6.4).
func cutQuoted(text []byte) (rest []byte, ok bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return text[i+1:], true
		case classes[c]&valueByte == 0:
			return nil, false
		case c == '\\':
			if i++; i == len(text) || classes[text[i]]&valueByte == 0 {
				return nil, false
			}
		}
	}
	return nil, false
}

func cutToken(text []byte) (token, rest []byte) {
	n := 0
	for n < len(text) && classes[text[n]]&tokenByte != 0 {
		n++
	}
	return text[:n], text[n:]
}

func skipBWS(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	return text
}
