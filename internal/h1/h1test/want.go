package h1test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// repeatable are the keys that a want section may have more than once.
var repeatable = []string{"field", "trailer"}

// want is a section of keys and values. Each key that is asked for is noted, so that
// one which nobody asks for is a mistake that is found.
type want struct {
	values map[string][]string
	errs   []error
}

func parseWant(lines []line, keys ...string) (*want, error) {
	w := &want{values: map[string][]string{}}
	for _, l := range lines {
		key, value, found := strings.Cut(l.text, ":")
		if !found || !slices.Contains(keys, key) {
			return nil, l.errorf("want `key: value` with a key of %v", keys)
		}
		if len(w.values[key]) > 0 && !slices.Contains(repeatable, key) {
			return nil, l.errorf("%s is there twice", key)
		}
		meant, err := Unescape(strings.TrimPrefix(value, " "))
		if err != nil {
			return nil, l.errorf("%w", err)
		}
		w.values[key] = append(w.values[key], string(meant))
	}
	return w, nil
}

func (w *want) failf(format string, args ...any) {
	w.errs = append(w.errs, fmt.Errorf(format, args...))
}

// text is the value of a key that has to be there.
func (w *want) text(key string) string {
	values := w.values[key]
	if len(values) == 0 {
		w.failf("%s is missing", key)
		return ""
	}
	return values[0]
}

// oneOf is the value of a key that has to be there and one of these.
func (w *want) oneOf(key string, allowed ...string) string {
	value := w.text(key)
	if !slices.Contains(allowed, value) {
		w.failf("%s is %q, want one of %q", key, value, allowed)
	}
	return value
}

// fields are the values of a key, each `Name: value`.
func (w *want) fields(key string) (fields []Field) {
	for _, text := range w.values[key] {
		name, value, found := strings.Cut(text, ":")
		value = strings.TrimPrefix(value, " ")
		if !found || name == "" || strings.Trim(value, " \t") != value {
			w.failf("%s: %q is not `Name: value` without whitespace around the value", key, text)
		}
		fields = append(fields, Field{name, value})
	}
	return fields
}

func (w *want) err() error { return errors.Join(w.errs...) }

func parseAccepted(c Case, lines []line) (a Accepted, err error) {
	w, err := parseWant(lines, "method", "target", "version", "host", "field", "framing", "body", "trailer", "close")
	if err != nil {
		return a, err
	}
	a = Accepted{
		Case:     c,
		Method:   w.text("method"),
		Target:   w.text("target"),
		Version:  w.text("version"),
		Host:     w.text("host"),
		Fields:   w.fields("field"),
		Framing:  Framing(w.oneOf("framing", string(None), string(Length), string(Chunked))),
		Trailers: w.fields("trailer"),
		Close:    w.oneOf("close", "yes", "no") == "yes",
	}
	switch _, told := w.values["body"]; {
	case a.Framing != None:
		a.Body = []byte(w.text("body"))
	case told:
		w.failf("there is a body, but framing says none")
	}
	if len(a.Trailers) > 0 && a.Framing != Chunked {
		w.failf("there are trailers, but framing is not chunked")
	}
	return a, w.err()
}

func parseRefused(c Case, lines []line) (r Refused, err error) {
	w, err := parseWant(lines, "status", "at")
	if err != nil {
		return r, err
	}
	r = Refused{Case: c, At: Part(w.oneOf("at", string(Head), string(Body)))}
	status := w.text("status")
	if r.Status, err = strconv.Atoi(status); err != nil || r.Status < 400 || r.Status > 599 {
		w.failf("status is %q, want 400 to 599", status)
	}
	return r, w.err()
}
