package obs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// DefaultFormat is the form that gunicorn gives its lines.
const DefaultFormat = `%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`

// Format is a form of the access log's lines, compiled.
type Format struct {
	pieces  []piece
	details bool
	unknown []string
}

// piece is a part of a line: a text, or an atom with the way it is to be put.
type piece struct {
	literal string
	atom    *atom // nil: the literal alone
	put     layout
}

// layout is what stands between an atom and its letter: "%(M)6d".
type layout struct {
	width     int
	precision int // of a text, the most bytes; -1: all
	left      bool
	zeros     bool
}

// Details are what only some lines tell of a request. They are good until the record
// is logged.
type Details struct {
	Path, Query string // PATH_INFO and QUERY_STRING
	Request     http.Header

	// Response and Environ look a field of the response, and a variable, up, whatever
	// the case of the name.
	Response, Environ func(name string) (value string, ok bool)
}

// CompileFormat reads a form as gunicorn has them, texts with atoms in Python's way of
// formatting: `%(h)s "%(r)s" %({x-request-id}i)s`. An atom that nobody knows is a dash in
// the line; Unknown tells of them.
func CompileFormat(text string) (*Format, error) {
	f := &Format{}
	for rest := text; rest != ""; {
		literal, tail, found := strings.Cut(rest, "%")
		if literal != "" {
			f.pieces = append(f.pieces, piece{literal: literal})
		}
		if !found {
			break
		}
		p, after, err := f.compilePiece(tail)
		if err != nil {
			return nil, err
		}
		f.pieces = append(f.pieces, p)
		rest = after
	}
	return f, nil
}

// compilePiece reads what follows a percent sign.
func (f *Format) compilePiece(text string) (p piece, rest string, err error) {
	if rest, ok := strings.CutPrefix(text, "%"); ok {
		return piece{literal: "%"}, rest, nil
	}
	name, rest, ok := strings.Cut(strings.TrimPrefix(text, "("), ")")
	if !ok || text[0] != '(' {
		return p, "", fmt.Errorf("%q begins no atom: write %%(h)s, or %%%% for a percent sign", "%"+shortened(text))
	}
	found, known := findAtom(name)
	if !known {
		f.unknown = append(f.unknown, name)
		found = atom{append: appendDash}
	}
	p.atom = &found
	f.details = f.details || found.details
	put, number, rest, err := parseLayout(rest)
	switch {
	case err != nil:
		return p, "", fmt.Errorf("%%(%s): %w", name, err)
	case number && known && !found.number:
		return p, "", fmt.Errorf("%%(%s)d: that is a text: write %%(%s)s", name, name)
	}
	p.put = put
	return p, rest, nil
}

func shortened(text string) string {
	if len(text) > 20 {
		return text[:20] + "..."
	}
	return text
}

// maxWidth bounds what a line is filled up with.
const maxWidth = 256

var errLetter = errors.New("the letter after it says how it is put: s for a text, d for a number")

// parseLayout reads flags, width, precision and letter, as in Python's "-10.3s".
func parseLayout(text string) (l layout, number bool, rest string, err error) {
	l.precision = -1
	rest = strings.TrimLeft(text, "-0 +#")
	flags := text[:len(text)-len(rest)]
	l.left, l.zeros = strings.Contains(flags, "-"), strings.Contains(flags, "0")
	l.width, rest = leadingNumber(rest)
	if after, ok := strings.CutPrefix(rest, "."); ok {
		l.precision, rest = leadingNumber(after)
	}
	if rest == "" {
		return l, false, "", errLetter
	}
	if l.width > maxWidth {
		return l, false, "", fmt.Errorf("a width of %d is more than %d", l.width, maxWidth)
	}
	switch rest[0] {
	case 's':
	case 'd', 'i', 'u':
		number, l.precision = true, -1
	default:
		return l, false, "", errLetter
	}
	return l, number, rest[1:], nil
}

func leadingNumber(text string) (n int, rest string) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(text[:end])
	if err != nil && end > 0 {
		n = maxWidth + 1
	}
	return n, text[end:]
}

// Unknown are the atoms that are none.
func (f *Format) Unknown() []string { return f.unknown }

// UnknownError says that, and which there are; nil if all are known.
func (f *Format) UnknownError() error {
	if len(f.unknown) == 0 {
		return nil
	}
	return fmt.Errorf("no such atom: %s: there are %s, and {NAME}i, {NAME}o, {NAME}e for fields of the request, of the response and for variables",
		strings.Join(f.unknown, ", "), strings.Join(atomNames(), " "))
}

// NewFormatLogger returns a logger for access records, each with one Write to w: a
// line of the given form.
func NewFormatLogger(w io.Writer, f *Format) *slog.Logger {
	return slog.New(&lineHandler{out: &output{w: w}, format: f})
}

// WantsDetails says whether the logger has a use for a record's Details.
func WantsDetails(l *slog.Logger) bool {
	return l != nil && wantsDetails(l.Handler())
}

// appendRecord has the fields on the heap, as calls of atoms need them, and not where
// there is no form.
func (f *Format) appendRecord(b []byte, r fields) []byte {
	if r.details == nil {
		r.details = noDetails()
	}
	return f.appendLine(b, &r)
}

func (f *Format) appendLine(b []byte, r *fields) []byte {
	for i := range f.pieces {
		p := &f.pieces[i]
		if p.atom == nil {
			b = append(b, p.literal...)
			continue
		}
		began := len(b)
		b = p.atom.append(b, r)
		b = p.put.pad(b, began)
	}
	return append(b, '\n')
}

// pad has what was appended since began have the width that is asked for.
func (l layout) pad(b []byte, began int) []byte {
	if l.precision >= 0 && len(b)-began > l.precision {
		b = b[:began+l.precision]
	}
	missing := l.width - (len(b) - began)
	if missing <= 0 {
		return b
	}
	fill := byte(' ')
	if l.zeros && !l.left {
		fill = '0'
	}
	padding := slices.Repeat([]byte{fill}, missing)
	if l.left {
		return append(b, padding...)
	}
	return slices.Insert(b, began, padding...)
}
