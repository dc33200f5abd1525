package h1

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unsafe"
)

// Head is the head of a request that is well-formed (RFC 9112 2 to 6).
type Head struct {
	Method, Target string  // as they were sent
	Minor          int     // of the version: 0 or 1, and above 1 what is served as 1
	Host           string  // what the request is for: of the target, if it is absolute, else the field's
	Fields         []Field // all of them, in order
	Framing        Framing
	Length         int64 // of the body; -1 if it comes in chunks
	Close          bool  // the connection ends with the response, by the client's words
	Expects        bool  // the client waits for "100 Continue"

	text     []byte // what the strings above are of
	absolute bool   // the target is, and counts
}

// ReadHead reads the next request's head. The error is a *Refusal, io.EOF if the
// connection ended between two requests, or what reading it gave.
func (r *Reader) ReadHead() (*Head, error) { return r.readHead(false) }

// readHead reads a head. One that is borrowed is good until the next; its texts are of
// the reader's buffer where no body follows, which would be read into it.
func (r *Reader) readHead(borrow bool) (*Head, error) {
	r.forHEAD = false
	if err := r.skipEmptyLines(); err != nil {
		return nil, err
	}
	r.mark = r.r
	defer r.release()
	line, err := r.takeLine(r.limits.RequestLine, "RFC 9112 2.2")
	if err == errLineTooLong {
		return nil, tooLarge(http.StatusRequestURITooLong, fmt.Sprintf("the request line is longer than %d bytes", r.limits.RequestLine))
	}
	if err != nil {
		return nil, err
	}
	r.forHEAD = bytes.HasPrefix(line, []byte("HEAD "))
	first, refusal := parseRequestLine(line)
	if refusal != nil {
		return nil, refusal
	}
	methodEnd := len(first.method)
	targetEnd := methodEnd + 1 + len(first.target)
	if r.ranges, err = r.fieldRanges(r.ranges[:0]); err != nil {
		return nil, err
	}
	h := &r.head
	if !borrow {
		h = new(Head)
	}
	h.text = r.buf[r.mark:r.r]
	h.cut(methodEnd, targetEnd, r.ranges)
	h.Minor = first.minor
	if refusal := h.interpret(); refusal != nil {
		return nil, refusal
	}
	if !borrow || h.Framing != NoBody {
		h.text = bytes.Clone(h.text) // one allocation for all that the head says
		h.cut(methodEnd, targetEnd, r.ranges)
		h.setHost()
	}
	return h, nil
}

// cut takes the texts of a head apart.
func (h *Head) cut(methodEnd, targetEnd int, ranges []fieldRange) {
	text := unsafe.String(unsafe.SliceData(h.text), len(h.text))
	h.Method, h.Target = text[:methodEnd], text[methodEnd+1:targetEnd]
	h.Fields = cut(h.Fields[:0], text, ranges)
}

// skipEmptyLines waits for the first byte of a request line. A connection that ends
// before it has ended in order.
func (r *Reader) skipEmptyLines() error {
	for ; r.empty <= maxEmptyLines; r.empty++ {
		r.release()
		for r.r == r.w {
			if err := r.fill(); err != nil {
				return err
			}
		}
		first := r.buf[r.r]
		if classes[first]&tokenByte != 0 {
			r.empty = 0
			return nil
		}
		if first != '\r' {
			return malformed("RFC 9112 3.1", "a request begins with %s", shown(r.buf[r.r:r.w]))
		}
		if r.w-r.r < 2 {
			if err := r.fill(); err != nil {
				return unexpected(err)
			}
		}
		if r.buf[r.r+1] != '\n' {
			return malformed("RFC 9112 2.2", "a CR without LF before the request line")
		}
		r.r += 2
		r.scan = r.r
	}
	return malformed("RFC 9112 2.2", "more than %d empty lines before the request line", maxEmptyLines)
}

// fieldRange is where a field stands, from the mark on.
type fieldRange struct{ name, colon, end int }

// fieldRanges reads field lines up to and with the empty one that ends them.
func (r *Reader) fieldRanges(ranges []fieldRange) ([]fieldRange, error) {
	for {
		left := r.limits.Head - (r.r - r.mark)
		line, err := r.takeLine(left, "RFC 9112 2.2")
		switch {
		case err == errLineTooLong:
			return nil, tooLarge(http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("the head is larger than %d bytes", r.limits.Head))
		case err != nil:
			return nil, err
		case len(line) == 0:
			return ranges, nil
		case len(ranges) == r.limits.Fields:
			return nil, tooLarge(http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("more than %d fields", r.limits.Fields))
		}
		colon, refusal := checkField(line)
		if refusal != nil {
			return nil, refusal
		}
		begin := r.r - r.mark - len(line) - 2
		ranges = append(ranges, fieldRange{begin, begin + colon, begin + len(line)})
	}
}

func cut(fields []Field, text string, ranges []fieldRange) []Field {
	fields = slices.Grow(fields, len(ranges))
	for _, at := range ranges {
		fields = append(fields, Field{text[at.name:at.colon], trimOWS(text[at.colon+1 : at.end])})
	}
	return fields
}

// interpret checks what the fields and the target say together.
func (h *Head) interpret() (refusal *Refusal) {
	authority, refusal := checkTarget(h.Method, h.Target)
	if refusal != nil {
		return refusal
	}
	if h.Host, refusal = hostOf(h.Fields, h.Minor); refusal != nil {
		return refusal
	}
	if h.absolute = authority != ""; h.absolute {
		h.Host = authority
	}
	if h.Framing, h.Length, refusal = framing(h.Fields, h.Minor); refusal != nil {
		return refusal
	}
	h.readConnection()
	return nil
}

// setHost takes Host from the texts once more.
func (h *Head) setHost() {
	if h.absolute {
		h.Host, _ = checkTarget(h.Method, h.Target)
	} else {
		h.Host, _ = hostOf(h.Fields, h.Minor)
	}
}

// hostOf: RFC 9112 3.2.
func hostOf(fields []Field, minor int) (string, *Refusal) {
	host, found := "", false
	for _, f := range fields {
		if !equalFold(f.Name, "host") {
			continue
		}
		if found {
			return "", malformed("RFC 9112 3.2", "more than one Host")
		}
		if host, found = f.Value, true; host != "" && !validHost(host) { // empty: the target has no authority
			return "", malformed("RFC 9112 3.2", "Host: %s is no host", shown(host))
		}
	}
	if !found && minor > 0 {
		return "", malformed("RFC 9112 3.2", "no Host")
	}
	return host, nil
}

// readConnection: RFC 9112 9.3 for the connection, RFC 9110 10.1.1 for what the
// client waits for.
func (h *Head) readConnection() {
	keep := false
	h.Close, h.Expects = false, false
	for _, f := range h.Fields {
		switch {
		case equalFold(f.Name, "connection"):
			for option := range strings.SplitSeq(f.Value, ",") {
				option = trimOWS(option)
				h.Close = h.Close || equalFold(option, "close")
				keep = keep || equalFold(option, "keep-alive")
			}
		case equalFold(f.Name, "expect"):
			h.Expects = h.Minor > 0 && equalFold(f.Value, "100-continue")
		}
	}
	if h.Minor == 0 && !keep {
		h.Close = true
	}
}

// Version is the version that the request is served as.
func (h *Head) Version() string {
	if h.Minor == 0 {
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// Body returns the request's body, which has to be read to its end before the next
// head is.
func (r *Reader) Body(h *Head) *Body {
	b := r.body(h)
	return &b
}

func (r *Reader) body(h *Head) Body {
	b := Body{r: r, framing: h.Framing, left: h.Length}
	if h.Framing != ByChunks && h.Length == 0 {
		b.err = io.EOF
	}
	return b
}
