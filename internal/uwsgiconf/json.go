package uwsgiconf

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// parseJSON returns the options of the object named section. True and false are 1 and 0,
// as null is; an array has an option repeated.
func parseJSON(lines []line, section string) ([]pair, error) {
	p := newJSONParser(lines)
	pairs, err := p.document(section)
	if err != nil {
		return nil, p.locate(err)
	}
	return pairs, nil
}

type jsonParser struct {
	*json.Decoder
	text  string
	lines []line
}

func newJSONParser(lines []line) *jsonParser {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.text
	}
	text := strings.Join(texts, "\n")
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return &jsonParser{d, text, lines}
}

// line is the number of the line that the decoder has come to.
func (p *jsonParser) line() int { return p.lineAt(p.InputOffset()) }

func (p *jsonParser) lineAt(offset int64) int {
	if len(p.lines) == 0 {
		return 1
	}
	n := strings.Count(p.text[:min(int(offset), len(p.text))], "\n")
	return p.lines[min(n, len(p.lines)-1)].number
}

func (p *jsonParser) locate(err error) error {
	var known *syntaxError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &syntax):
		return &syntaxError{p.lineAt(syntax.Offset), syntax.Error()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &syntaxError{p.lineAt(int64(len(p.text))), "the file ends within an object"}
	}
	return &syntaxError{p.line(), err.Error()}
}

// document goes through the outermost object.
func (p *jsonParser) document(section string) (pairs []pair, err error) {
	if err := p.want('{'); err != nil {
		return nil, err
	}
	for p.More() {
		name, err := p.Token()
		if err != nil {
			return nil, err
		}
		if name != section {
			if err := p.skip(); err != nil {
				return nil, err
			}
			continue
		}
		found, err := p.options()
		if err != nil {
			return nil, err
		}
		pairs = append(slices.Concat([]pair{}, pairs), found...)
	}
	if _, err := p.Token(); err != nil {
		return nil, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, &syntaxError{p.line(), "want nothing behind the object"}
	}
	return pairs, nil
}

func (p *jsonParser) want(delim json.Delim) error {
	t, err := p.Token()
	if err == nil && t != delim {
		err = &syntaxError{p.line(), "want an object, {…}"}
	}
	return err
}

func (p *jsonParser) skip() error {
	var ignored any
	return p.Decode(&ignored)
}

// options reads the object of a section.
func (p *jsonParser) options() (pairs []pair, err error) {
	if err := p.want('{'); err != nil {
		return nil, err
	}
	for p.More() {
		key, err := p.Token()
		if err != nil {
			return nil, err
		}
		values, err := p.values(key.(string))
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, values...)
	}
	_, err = p.Token()
	return pairs, err
}

// values reads what a key has: a scalar, or an array of scalars.
func (p *jsonParser) values(key string) ([]pair, error) {
	t, err := p.Token()
	if err != nil {
		return nil, err
	}
	if t == json.Delim('{') {
		return nil, &syntaxError{p.line(), key + ": an object is no option's value: want a string, a number or an array of them"}
	}
	if t != json.Delim('[') {
		return []pair{{key, scalar(t), p.line()}}, nil
	}
	var pairs []pair
	for p.More() {
		t, err := p.Token()
		if err != nil {
			return nil, err
		}
		if _, ok := t.(json.Delim); ok {
			return nil, &syntaxError{p.line(), key + ": want strings and numbers in the array"}
		}
		pairs = append(pairs, pair{key, scalar(t), p.line()})
	}
	_, err = p.Token()
	return pairs, err
}

func scalar(t json.Token) string {
	switch v := t.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "1"
		}
	}
	return "0"
}
