package gunicorn

import (
	"slices"
	"strings"
)

// Version is the gunicorn whose settings these are.
const Version = "27.0.1"

// Fate says what a setting comes to here.
type Fate int

// The fates.
const (
	Same    Fate = iota // it does here what it does there
	Mapped              // something of ours does what it is for; Note says how it differs
	Left                // it has no effect, and none is missed
	Refused             // a server without it would not be what was meant: nothing starts
)

// String is the fate as the manual has it.
func (f Fate) String() string {
	return [...]string{"same", "mapped", "no effect", "refused"}[f]
}

// What a flag does with what follows it.
type action int

const (
	store      action = iota // takes one text
	setTrue                  // takes none
	setFalse                 // likewise
	appendTo                 // takes one, and may be repeated
	optionally               // takes one if one follows that is no flag
)

// Setting is one of gunicorn's.
type Setting struct {
	Name    string
	Section string // its heading in gunicorn's manual
	Flags   string // "-b --bind"; none: it is given only in the file
	Meta    string // what stands for the value in a help text
	Kind    Kind
	Default any // as a valid value; nil: none, or one that depends on the process

	Fate Fate
	To   string // the settings of ours that it becomes, "request-timeout start-timeout"
	Note string // how it differs, why it has no effect, or what to use instead

	action         action
	integer, octal bool // a flag's text is a number, and may be octal
	choices        string
	least, most    int64 // of a Number; most 0: none
	arity          int   // of a Callable; -1: any

	// carry says it in our settings. Without, Note is said of one that is not at
	// its default.
	carry func(*translator, Entry)
}

// Settings are all of gunicorn's, by its sections.
func Settings() []Setting {
	return slices.Concat(socketsSettings(), workersSettings(), securitySettings(), mechanicsSettings(), proxySettings(),
		loggingSettings(), loggingTargets(), hooksSettings(), dirtySettings(), dirtyHooks(), tlsSettings())
}

// isHook says whether it is a function that the server calls.
func (s Setting) isHook() bool { return s.Kind == Callable && s.Fate == Same }

func (s Setting) flags() []string { return strings.Fields(s.Flags) }

// byName finds settings.
func byName(table []Setting) map[string]Setting {
	m := make(map[string]Setting, len(table))
	for _, s := range table {
		m[s.Name] = s
	}
	return m
}

// list is a value of several texts.
func list(texts ...string) []any {
	l := make([]any, len(texts))
	for i, text := range texts {
		l[i] = text
	}
	return l
}
