package uwsgiconf

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"highball/internal/settings"
)

// namesText lists every option of uWSGI 2.0.21 and 2.0.31 with the plugins that come with
// it, one on a line: alone where it needs a value, with "-" where it takes none, with
// "?" where it may.
//
//go:embed names.txt
var namesText string

type argument int

const (
	needed argument = iota
	none
	optional
)

// option is an option as the command line knows it.
type option struct {
	name     string
	argument argument
}

var allOptions = sync.OnceValue(func() map[string]option {
	found := map[string]option{}
	for l := range strings.Lines(namesText) {
		name, mark, _ := strings.Cut(strings.TrimSpace(l), " ")
		o := option{name, needed}
		switch mark {
		case "-":
			o.argument = none
		case "?":
			o.argument = optional
		}
		found[name] = o
	}
	return found
})

// shortNames are the short forms.
var shortNames = map[string]string{
	"s": "socket", "p": "processes", "t": "harakiri", "x": "xml", "S": "set", "d": "daemonize", "l": "listen", "v": "max-vars",
	"b": "buffer-size", "m": "memory-report", "c": "cgi-mode", "a": "abstract-socket", "C": "chmod-socket", "T": "enable-threads",
	"i": "single-interpreter", "M": "master", "r": "reaper", "R": "max-requests", "z": "socket-timeout", "A": "sharedarea",
	"Q": "spooler", "L": "disable-logging", "y": "yaml", "j": "json", "H": "home", "w": "module", "J": "test", "O": "optimize",
}

func find(name string) (option, bool) {
	o, ok := allOptions()[name]
	return o, ok
}

func findShort(letter string) (option, bool) { return find(shortNames[letter]) }

// isOption says whether uWSGI has an option of this name.
func isOption(name string) bool {
	_, ok := find(name)
	return ok
}

// suggestion is the option that a wrong name may stand for, as the end of an error.
func suggestion(name, dashes string) string {
	var names []string
	for known := range allOptions() {
		names = append(names, known)
	}
	slices.Sort(names)
	if near := settings.Closest(name, names); near != "" {
		return ": did you mean " + dashes + near + "?"
	}
	return ""
}
