package h1test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The lines that part a file.
const (
	requestLine = "-- request --"
	wantLine    = "-- want --"
)

// source is the form of a comment's first line: where the rule is from, and what it is.
var source = regexp.MustCompile(`^(RFC \d{4} [0-9A-Z.]+|PEP 3333 \d+|Smuggling, [^:]+|Limit): .+[.]$`)

// line is a line of a file, with its number for messages.
type line struct {
	number int
	text   string
}

func (l line) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %w", l.number, fmt.Errorf(format, args...))
}

// sections are the three parts of a file.
type sections struct{ comment, request, want []line }

// split parts a file. Whitespace at the end of a line and empty lines are refused,
// because a reader of the file does not see whether they are meant.
func split(text string) (s sections, err error) {
	if !strings.HasSuffix(text, "\n") {
		return s, errors.New("the last line does not end")
	}
	into := &s.comment
	for i, t := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		l := line{i + 1, t}
		switch {
		case strings.TrimRight(t, " \t\r") != t:
			return s, l.errorf(`it ends in whitespace: write \x20, \t or \r`)
		case t == "":
			return s, l.errorf(`it is empty: an empty line of the request is \r\n`)
		case t == requestLine && into == &s.comment:
			into = &s.request
		case t == wantLine && into == &s.request:
			into = &s.want
		default:
			*into = append(*into, l)
		}
	}
	if len(s.request) == 0 || len(s.want) == 0 {
		return s, fmt.Errorf("it wants a section %q and then a section %q", requestLine, wantLine)
	}
	return s, nil
}

// parseCase reads what both kinds of cases have.
func parseCase(name string, s sections) (c Case, err error) {
	c.Name = name
	if c.Why, err = parseComment(s.comment); err != nil {
		return c, err
	}
	for _, l := range s.request {
		b, err := Unescape(l.text)
		if err != nil {
			return c, l.errorf("%w", err)
		}
		c.Request = append(c.Request, b...)
	}
	return c, nil
}

func parseComment(lines []line) (string, error) {
	var words []string
	for _, l := range lines {
		text, found := strings.CutPrefix(l.text, "# ")
		if !found {
			return "", l.errorf("before %q each line begins with %q", requestLine, "# ")
		}
		words = append(words, text)
	}
	why := strings.Join(words, " ")
	if !source.MatchString(why) {
		return "", fmt.Errorf("the comment wants the form %q, not %q", "RFC 9112 6.3: what is so, and why.", why)
	}
	return why, nil
}
