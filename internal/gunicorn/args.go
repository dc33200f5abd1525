package gunicorn

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ErrHelp and ErrVersion report that a command line asks for one of these.
var (
	ErrHelp    = errors.New("gunicorn: help is asked for")
	ErrVersion = errors.New("gunicorn: the version is asked for")
)

// line is a command line that has been read.
type line struct {
	values map[string]any    // by the setting's name
	flags  map[string]string // as what each was written
	args   []string          // those that are no flags
}

// option is one that the command line knows.
type option struct {
	setting Setting
	answer  error // ErrHelp or ErrVersion
}

func (o option) takesNone() bool {
	return o.answer != nil || o.setting.action == setTrue || o.setting.action == setFalse
}

// reader reads command lines by the rules of Python's argparse, which gunicorn's is
// read by: long flags may be cut short, short ones stand together, and the arguments
// that are no flags stand in one place.
type reader struct {
	options map[string]option // by each way to write it
	names   []string          // in the order of the settings, for who reads an error

	words   []string
	kinds   []byte // of each: 'O' a flag, 'A' none, '-' the two dashes
	matched map[int]match
	line    line
	taken   bool // the arguments that are no flags have been
	extras  []string
}

// match is what a word that looks like a flag stands for.
type match struct {
	flag  string // as it is known; "" if it is not
	value *string
}

func readLine(table []Setting, words []string) (line, error) {
	r := reader{
		options: map[string]option{"-h": {answer: ErrHelp}, "--help": {answer: ErrHelp}, "-v": {answer: ErrVersion}, "--version": {answer: ErrVersion}},
		names:   []string{"-h", "--help", "-v", "--version"},
		words:   words, matched: map[int]match{},
		line: line{values: map[string]any{}, flags: map[string]string{}},
	}
	for _, s := range table {
		for _, flag := range s.flags() {
			r.options[flag] = option{setting: s}
			r.names = append(r.names, flag)
		}
	}
	err := r.read()
	return r.line, err
}

func (r *reader) read() error {
	if err := r.classify(); err != nil {
		return err
	}
	at := 0
	for {
		next := slices.Index(r.kinds[at:], 'O')
		if next < 0 {
			break
		}
		if next > 0 {
			from := at
			if at = r.takeArguments(at); at > from {
				continue
			}
			r.extras = append(r.extras, r.words[at:at+next]...)
			at += next
		}
		var err error
		if at, err = r.takeFlag(at); err != nil {
			return err
		}
	}
	at = r.takeArguments(at)
	r.extras = append(r.extras, r.words[at:]...)
	return r.unexpected()
}

var negative = regexp.MustCompile(`^-\d+$|^-\d*\.\d+$`)

// classify says of each word what it is, before anything is done.
func (r *reader) classify() error {
	for i, word := range r.words {
		if slices.Contains(r.kinds, '-') {
			r.kinds = append(r.kinds, 'A')
			continue
		}
		if word == "--" {
			r.kinds = append(r.kinds, '-')
			continue
		}
		m, isFlag, err := r.lookup(word)
		if err != nil {
			return err
		}
		if isFlag {
			r.matched[i] = m
			r.kinds = append(r.kinds, 'O')
		} else {
			r.kinds = append(r.kinds, 'A')
		}
	}
	return nil
}

func (r *reader) lookup(word string) (m match, isFlag bool, err error) {
	if len(word) < 2 || word[0] != '-' {
		return m, false, nil
	}
	if _, ok := r.options[word]; ok {
		return match{flag: word}, true, nil
	}
	before, after, assigned := strings.Cut(word, "=")
	if _, ok := r.options[before]; ok && assigned {
		return match{flag: before, value: &after}, true, nil
	}
	found := r.abbreviated(word)
	switch {
	case len(found) == 1:
		return found[0], true, nil
	case len(found) > 1:
		names := make([]string, len(found))
		for i, f := range found {
			names[i] = f.flag
		}
		return m, false, fmt.Errorf("%s is short for %s: write one of them out", before, strings.Join(names, " and for "))
	case negative.MatchString(word), strings.Contains(word, " "):
		return m, false, nil
	}
	return m, true, nil
}

// abbreviated finds what a word may stand for that is no flag as it is.
func (r *reader) abbreviated(word string) (found []match) {
	if strings.HasPrefix(word, "--") {
		before, after, assigned := strings.Cut(word, "=")
		for _, name := range r.names {
			if strings.HasPrefix(name, before) {
				m := match{flag: name}
				if assigned {
					m.value = &after
				}
				found = append(found, m)
			}
		}
		return found
	}
	short, value := word[:2], word[2:]
	for _, name := range r.names {
		if name == short {
			found = append(found, match{flag: name, value: &value})
		}
	}
	return found
}

// takeArguments takes the words that are no flags, the first time that there are any.
func (r *reader) takeArguments(at int) int {
	if r.taken {
		return at
	}
	r.taken = true
	end := at
	for end < len(r.words) && r.kinds[end] != 'O' {
		if r.kinds[end] == 'A' {
			r.line.args = append(r.line.args, r.words[end])
		}
		end++
	}
	return end
}

// takeFlag takes a flag and what belongs to it, and returns where the next word is.
func (r *reader) takeFlag(at int) (int, error) {
	m := r.matched[at]
	if m.flag == "" {
		r.extras = append(r.extras, r.words[at])
		return at + 1, nil
	}
	for {
		o := r.options[m.flag]
		switch {
		case o.takesNone() && m.value == nil:
			return at + 1, r.give(m.flag, nil)
		case o.takesNone():
			next, err := r.together(m)
			if err != nil {
				return 0, err
			}
			if err := r.give(m.flag, nil); err != nil {
				return 0, err
			}
			m = next
		case m.value != nil:
			return at + 1, r.give(m.flag, m.value)
		case at+1 < len(r.words) && r.kinds[at+1] == 'A':
			return at + 2, r.give(m.flag, &r.words[at+1])
		case o.setting.action == optionally:
			return at + 1, r.give(m.flag, nil)
		default:
			return 0, fmt.Errorf("%s: a value has to follow", m.flag)
		}
	}
}

// together takes the second of short flags that stand in one word apart.
func (r *reader) together(m match) (match, error) {
	refused := fmt.Errorf("%s takes no value, and has %q", m.flag, *m.value)
	if strings.HasPrefix(m.flag, "--") || *m.value == "" {
		return m, refused
	}
	next := match{flag: "-" + (*m.value)[:1]}
	if rest := (*m.value)[1:]; rest != "" {
		next.value = &rest
	}
	if _, ok := r.options[next.flag]; !ok {
		return m, refused
	}
	return next, nil
}

// give keeps the value of a flag.
func (r *reader) give(flag string, text *string) error {
	o := r.options[flag]
	if o.answer != nil {
		return o.answer
	}
	s := o.setting
	r.line.flags[s.Name] = flag
	var value any
	switch s.action {
	case setTrue:
		value = true
	case setFalse:
		value = false
	case appendTo:
		texts, _ := r.line.values[s.Name].([]any)
		value = append(texts, *text)
	default:
		if text == nil {
			value = "auto" // the only one that may stand alone is --proxy-protocol
			break
		}
		var err error
		if value, err = s.convert(flag, *text); err != nil {
			return err
		}
	}
	r.line.values[s.Name] = value
	return nil
}

func (s Setting) convert(flag, text string) (any, error) {
	n, ok := int64(0), true
	switch {
	case s.octal:
		n, ok = parseOctal(text)
	case s.integer:
		n, ok = parseInt(text, 10)
	default:
		return text, nil
	}
	if !ok {
		return nil, fmt.Errorf("%s: %q is not a whole number", flag, text)
	}
	return n, nil
}

// unexpected is the error for what nothing has taken.
func (r *reader) unexpected() error {
	if len(r.extras) == 0 {
		return nil
	}
	word := r.extras[0]
	if !strings.HasPrefix(word, "-") || word == "-" {
		return fmt.Errorf("unexpected argument %q", word)
	}
	name, _, _ := strings.Cut(word, "=")
	return fmt.Errorf("unknown flag %s%s", name, didYouMean(name, r.names))
}
