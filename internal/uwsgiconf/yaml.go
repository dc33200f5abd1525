package uwsgiconf

import (
	"fmt"
	"strconv"
	"strings"
)

// parseYAML returns the options of the mapping named section: scalars, and lists of them
// for an option that is repeated. That is all of YAML that both of uWSGI's parsers (its
// own, and libyaml's) take alike; every scalar is text, as it is to them. A YAML library
// would resolve types ("no" is false, 0666 is 438) and have to be undone.
func parseYAML(lines []line, section string) ([]pair, error) {
	p := yamlParser{section: section, depth: -1}
	for _, l := range lines {
		if err := p.line(l); err != nil {
			return nil, err
		}
	}
	if p.found && p.pairs == nil {
		return []pair{}, nil
	}
	return p.pairs, nil
}

type yamlParser struct {
	section string
	found   bool // the section has begun
	within  bool // and not ended
	depth   int  // the indentation of its keys, -1 before the first
	list    string
	pairs   []pair
}

func (p *yamlParser) line(l line) error {
	text := strings.TrimRight(l.text, blank)
	bare := strings.TrimLeft(text, " ")
	indent := len(text) - len(bare)
	switch {
	case bare == "" || bare[0] == '#' || bare == "---" || bare == "...":
		return nil
	case bare[0] == '\t':
		return &syntaxError{l.number, "a tab is no indentation in YAML: use spaces"}
	case indent == 0:
		return p.top(bare, l.number)
	case !p.within:
		return nil
	}
	if p.depth < 0 {
		p.depth = indent
	}
	if entry, ok := strings.CutPrefix(bare, "-"); ok && (entry == "" || entry[0] == ' ') && p.list != "" && indent >= p.depth {
		return p.entry(p.list, entry, l.number)
	}
	if indent != p.depth {
		return &syntaxError{l.number, "the indentation is not that of the options before: an option's value stands on its own line"}
	}
	return p.option(bare, l.number)
}

// top is for a key that is not indented: it names a section.
func (p *yamlParser) top(bare string, number int) error {
	key, rest, err := cutKey(bare, number)
	if err != nil {
		return err
	}
	p.within = key == p.section
	if !p.within {
		return nil
	}
	if rest = withoutComment(rest); rest != "" {
		return &syntaxError{number, fmt.Sprintf("%s: want options on the lines below, each indented", key)}
	}
	p.found, p.depth, p.list = true, -1, ""
	return nil
}

func (p *yamlParser) option(bare string, number int) error {
	key, rest, err := cutKey(bare, number)
	if err != nil {
		return err
	}
	p.list = ""
	rest = strings.Trim(rest, blank)
	if inner, ok := strings.CutPrefix(withoutComment(rest), "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed {
			return &syntaxError{number, key + ": a list in brackets ends on its line"}
		}
		for entry := range strings.SplitSeq(inner, ",") {
			if err := p.entry(key, entry, number); err != nil {
				return err
			}
		}
		return nil
	}
	if withoutComment(rest) == "" { // nothing, or a list below; an option needs a value here
		p.list = key
		return nil
	}
	return p.entry(key, rest, number)
}

func (p *yamlParser) entry(key, text string, number int) error {
	value, err := yamlScalar(strings.Trim(text, blank), number)
	if err != nil {
		return err
	}
	p.pairs = append(p.pairs, pair{key, value, number})
	return nil
}

// cutKey takes "key: value" apart.
func cutKey(text string, number int) (key, rest string, err error) {
	if text[0] == '"' || text[0] == '\'' {
		end := strings.IndexByte(text[1:], text[0])
		if end < 0 {
			return "", "", &syntaxError{number, "a quoted name has no end"}
		}
		key, rest = text[1:end+1], text[end+2:]
		rest, found := strings.CutPrefix(rest, ":")
		if !found {
			return "", "", &syntaxError{number, "want `name: value`"}
		}
		return key, rest, nil
	}
	if strings.HasSuffix(text, ":") {
		return text[:len(text)-1], "", nil
	}
	key, rest, found := strings.Cut(text, ": ")
	if !found {
		return "", "", &syntaxError{number, fmt.Sprintf("%q: want `name: value`", text)}
	}
	return strings.TrimRight(key, " "), rest, nil
}

// yamlScalar is the text of a scalar of one line.
func yamlScalar(text string, number int) (string, error) {
	if text == "" {
		return "", nil
	}
	switch text[0] {
	case '\'':
		end := strings.LastIndexByte(text, '\'')
		if end == 0 || withoutComment(text[end+1:]) != "" {
			return "", &syntaxError{number, "a value in quotes ends on its line"}
		}
		return strings.ReplaceAll(text[1:end], "''", "'"), nil
	case '"':
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil || withoutComment(text[len(quoted):]) != "" {
			return "", &syntaxError{number, "a value in quotes ends on its line, and has JSON's escapes"}
		}
		return strconv.Unquote(quoted)
	case '|', '>', '&', '*', '!', '{', '%', '@', '`':
		return "", &syntaxError{number, fmt.Sprintf("%q begins what only YAML at large has: write the value on its line, in quotes if it begins so", text[:1])}
	}
	return withoutComment(text), nil
}

// withoutComment cuts what follows " #".
func withoutComment(text string) string {
	if strings.HasPrefix(text, "#") {
		return ""
	}
	if i := strings.Index(text, " #"); i >= 0 {
		text = text[:i]
	}
	return strings.Trim(text, blank)
}
