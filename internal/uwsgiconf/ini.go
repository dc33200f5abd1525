package uwsgiconf

import (
	"fmt"
	"strings"
)

// pair is an option as a file has it.
type pair struct {
	key, value string
	line       int
}

// line is a line of a file, with what %x stands for.
type line struct {
	text   string
	number int
}

// syntaxError is what is wrong with a line.
type syntaxError struct {
	line int
	text string
}

func (e *syntaxError) Error() string { return e.text }

func (e *syntaxError) place(path string) string { return fmt.Sprintf("%s:%d", path, e.line) }

const blank = " \t\r"

// parseINI returns the options of a section; nil if there is no such section. A line
// has no comment at its end: what follows the equals sign is the value, quotes and all.
func parseINI(lines []line, section string) (pairs []pair, err error) {
	current := ""
	for _, l := range lines {
		text := strings.Trim(l.text, blank)
		switch {
		case text == "" || text[0] == ';' || text[0] == '#':
		case text[0] == '[':
			if !strings.HasSuffix(text, "]") {
				return nil, &syntaxError{l.number, fmt.Sprintf("%s: a section's name ends with ]", text)}
			}
			if current = text[1 : len(text)-1]; current == section && pairs == nil {
				pairs = []pair{}
			}
		case current == section:
			key, value, _ := strings.Cut(text, "=")
			pairs = append(pairs, pair{strings.Trim(key, blank), strings.Trim(value, blank), l.number})
		}
	}
	return pairs, nil
}
