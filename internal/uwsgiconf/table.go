package uwsgiconf

import (
	"slices"
	"strings"
	"sync"
)

// Fate is what becomes of an option here.
type Fate int

const (
	// Obeyed is what Highball does anyway.
	Obeyed Fate = iota

	// Mapped is what a setting of Highball's says.
	Mapped

	// Left has no effect, and the server is what was meant without it.
	Left

	// Refused is what the server would not be what was meant without.
	Refused
)

func (f Fate) String() string { return [...]string{"obeyed", "mapped", "left", "refused"}[f] }

// Option is a row of the table: options of uWSGI's, and what becomes of them.
type Option struct {
	// Names are the option's spellings. One that ends with * stands for all that begin so
	// and have no row of their own.
	Names []string

	// Fate is what becomes of it.
	Fate Fate

	// To are the settings that it is mapped to.
	To []string

	// Says is what differs, or why it is left and what to use instead: a clause.
	Says string

	apply func(*translator, Entry)
}

// Options is the table: every option of uWSGI 2.0 that a row stands for.
func Options() []Option {
	return slices.Concat(socketRows(), applicationRows(), pythonRows(), workerRows(), timeRows(), reloadRows(), staticRows(),
		logRows(), processRows(), bodyRows(), hintRows(), machineryRows(), serviceRows())
}

// rows finds an option's row.
var rows = sync.OnceValue(func() map[string]Option {
	found := map[string]Option{}
	var families []Option
	for _, o := range Options() {
		for _, name := range o.Names {
			if strings.HasSuffix(name, "*") {
				families = append(families, Option{Names: []string{name}, Fate: o.Fate, Says: o.Says, apply: o.apply})
				continue
			}
			found[name] = o
		}
	}
	for name := range allOptions() {
		if _, has := found[name]; has {
			continue
		}
		for _, o := range families {
			if strings.HasPrefix(name, strings.TrimSuffix(o.Names[0], "*")) {
				found[name] = o
				break
			}
		}
	}
	return found
})

// names takes a text of names apart.
func names(text string) []string { return strings.Fields(text) }

// obeyed is a row of what needs no setting.
func obeyed(of, says string) Option { return Option{Names: names(of), Fate: Obeyed, Says: says} }

// left is a row of what has no effect.
func left(of, says string) Option { return Option{Names: names(of), Fate: Left, Says: says} }

// refused is a row of what nothing starts with.
func refused(of, says string) Option { return Option{Names: names(of), Fate: Refused, Says: says} }

// mapped is a row of what settings say.
func mapped(of, to, says string, apply func(*translator, Entry)) Option {
	return Option{Names: names(of), Fate: Mapped, To: names(to), Says: says, apply: apply}
}
