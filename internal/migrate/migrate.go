// Package migrate is what the readers of other servers' configurations have in
// common: what they found, said in Highball's own settings.
package migrate

import (
	"fmt"

	"highball/internal/settings"
)

// Translation is what another server's configuration comes to here.
type Translation struct {
	// Given are the settings that it sets.
	Given []settings.Given

	// Left is what it says and nothing here follows, in the order in which it is said.
	Left []Left
}

// Left is one thing that a configuration says and that has no effect here.
type Left struct {
	// Name is the setting's, in its own program.
	Name string

	// Place says where it was found, as "uwsgi.ini:7".
	Place string

	// Why says in one clause why it has none, and what to use instead.
	Why string

	// Refused says that a server without it would not be what was meant: nothing starts.
	Refused bool

	// Unknown says that its own program does not know it either: it may be a slip.
	Unknown bool
}

// Error is the line for the operator.
func (l Left) Error() string { return fmt.Sprintf("%s: %s: %s", l.Place, l.Name, l.Why) }

// Give adds a setting.
func (t *Translation) Give(place, name string, texts ...string) {
	t.Given = append(t.Given, settings.Given{Name: name, Texts: texts, Place: place})
}

// Leave notes what has no effect, and why.
func (t *Translation) Leave(place, name, why string) {
	t.Left = append(t.Left, Left{Name: name, Place: place, Why: why})
}

// Refuse notes what must not be left out, and what to use instead.
func (t *Translation) Refuse(place, name, why string) {
	t.Left = append(t.Left, Left{Name: name, Place: place, Why: why, Refused: true})
}

// Refusals are the errors of what is refused.
func (t *Translation) Refusals() (errs []error) {
	for _, l := range t.Left {
		if l.Refused {
			errs = append(errs, l)
		}
	}
	return errs
}
