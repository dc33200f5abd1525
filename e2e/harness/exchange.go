package harness

import (
	"strconv"
	"strings"
)

// Exchange is a request as a test wants it sent, in words that mean the same in every
// protocol. See [Ask].
type Exchange struct {
	Method, Target string
	Host           string   // the Host field, or :authority
	Fields         []Field  // in this order
	Pieces         []string // the body, as it is handed to the protocol
	Length         int      // the length that is declared; -1: none, the body ends when it ends
	Trailers       []Field
	Unfinished     bool // the test goes on with the body by Call.Send
}

// Ask is a request without a body. The fields are "Name: value".
func Ask(method, target string, fields ...string) Exchange {
	return Exchange{Method: method, Target: target, Host: "test.example", Fields: asFields(fields), Length: -1}
}

// With adds a body of a declared length.
func (e Exchange) With(body string) Exchange {
	e.Pieces, e.Length = []string{body}, len(body)
	return e
}

// InPieces adds a body whose length is not declared.
func (e Exchange) InPieces(pieces ...string) Exchange {
	e.Pieces, e.Length = pieces, -1
	if len(pieces) == 0 {
		e.Pieces = []string{""}
	}
	return e
}

// Begun adds the beginning of a body. The length is that of all of it; -1: not declared.
func (e Exchange) Begun(length int, piece string) Exchange {
	e.Pieces, e.Length, e.Unfinished = []string{piece}, length, true
	return e
}

// Trailed adds trailers, "Name: value" each.
func (e Exchange) Trailed(fields ...string) Exchange {
	e.Trailers = asFields(fields)
	return e
}

// Below is the same request with a prefix before its path.
func (e Exchange) Below(prefix string) Exchange {
	e.Target = prefix + e.Target
	return e
}

// hasBody says whether there is a body, be it empty.
func (e Exchange) hasBody() bool { return e.Pieces != nil }

// path is what of the target is in :path: all of it, unless it is absolute.
func (e Exchange) path() string {
	if _, rest, absolute := strings.Cut(e.Target, "://"); absolute {
		_, path, _ := strings.Cut(rest, "/")
		return "/" + path
	}
	return e.Target
}

// declared are the fields with the one that declares the length, if it is to be.
func (e Exchange) declared() []Field {
	if !e.hasBody() || e.Length < 0 {
		return e.Fields
	}
	return append(e.Fields[:len(e.Fields):len(e.Fields)], Field{"Content-Length", strconv.Itoa(e.Length)})
}

func asFields(lines []string) []Field {
	fields := make([]Field, len(lines))
	for i, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		fields[i] = Field{name, strings.Trim(value, " \t")}
	}
	return fields
}
