package uwsgiconf

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"highball/internal/migrate"
)

// translator gathers what a configuration comes to. What several options say together is
// decided when all are known.
type translator struct {
	migrate.Translation
	sys     System
	sockets []socket
	app     application
	lists   map[string]*gathered
	order   map[string]int // of places
	dir     string         // that relative paths count from, "" for where the server is started
	last    map[string]Entry
	logs    []Entry // where lines go, in their order
}

// gathered is a setting of several values, from several places.
type gathered struct{ values, places []string }

// Translate says a configuration in Highball's settings.
func Translate(c *Config, sys System) migrate.Translation {
	t := &translator{sys: sys, lists: map[string]*gathered{}, last: map[string]Entry{}, order: map[string]int{}}
	for i, e := range c.Entries {
		t.order[e.Place] = i
		if e.Key == "chdir" {
			t.dir = e.Value
		}
	}
	for _, e := range c.Entries {
		t.take(e)
	}
	t.finish()
	slices.SortStableFunc(t.Left, func(a, b migrate.Left) int { return t.order[a.Place] - t.order[b.Place] })
	return t.Translation
}

func (t *translator) take(e Entry) {
	row, ok := rows()[e.Key]
	switch {
	case e.file == placeholder || e.quoted:
		return // a name for %(…)
	case !isOption(e.Key):
		why := "uWSGI has no such option either, and ignores it" + suggestion(e.Key, "")
		t.Left = append(t.Left, migrate.Left{Name: e.Key, Place: e.Place, Why: why, Unknown: true})
		return
	case !ok:
		t.Leave(e.Place, e.Key, "nothing here corresponds to it")
		return
	}
	t.last[e.Key] = e
	off := allOptions()[e.Key].argument == none && !isTrue(e.Value)
	switch {
	case row.apply != nil:
		row.apply(t, e)
	case off || row.Fate == Obeyed:
	case row.Fate == Left:
		t.Leave(e.Place, e.Key, row.Says)
	case row.Fate == Refused:
		t.Refuse(e.Place, e.Key, row.Says)
	}
}

// isTrue is how uWSGI takes the value of a flag: all is true but four words.
func isTrue(value string) bool {
	return !slices.Contains([]string{"false", "off", "no", "0"}, strings.ToLower(value))
}

// finish decides what several options say together.
func (t *translator) finish() {
	t.bindAll()
	t.chooseApplication()
	t.chooseWorkers()
	t.chooseLogs()
	for _, name := range []string{"pythonpath", "env", "mount", "bind", "static", "touch-reload", "reload-extra", "certfile", "keyfile"} {
		if l := t.lists[name]; l != nil {
			t.Give(strings.Join(slices.Compact(l.places), ", "), name, l.values...)
		}
	}
}

// below is a path as uWSGI takes it: when it is used, chdir has been obeyed.
func (t *translator) below(path string) string {
	if path == "" || filepath.IsAbs(path) || t.dir == "" {
		return path
	}
	return filepath.Join(t.dir, path)
}

// append adds a value to a setting of several.
func (t *translator) append(place, name string, values ...string) {
	l := t.lists[name]
	if l == nil {
		l = &gathered{}
		t.lists[name] = l
	}
	l.values, l.places = append(l.values, values...), append(l.places, place)
}

// text maps an option to a setting as it is.
func text(setting string) func(*translator, Entry) {
	return func(t *translator, e Entry) { t.Give(e.Place, setting, e.Value) }
}

// files maps an option to one of several files.
func files(setting string) func(*translator, Entry) {
	return func(t *translator, e Entry) { t.append(e.Place, setting, t.below(e.Value)) }
}

// boolean maps a flag, whose opposite is meant where it is off.
func boolean(setting string) func(*translator, Entry) {
	return func(t *translator, e Entry) { t.Give(e.Place, setting, strconv.FormatBool(isTrue(e.Value))) }
}

// number maps a count, or seconds; unit is written behind it.
func number(setting, unit string) func(*translator, Entry) {
	return func(t *translator, e Entry) {
		if n, ok := t.count(e); ok {
			t.Give(e.Place, setting, strconv.Itoa(n)+unit)
		}
	}
}

// count reads a number. uWSGI takes what begins with one, and a word as 0.
func (t *translator) count(e Entry) (int, bool) {
	n, err := strconv.Atoi(e.Value)
	if err != nil || n < 0 {
		hint := ""
		if strings.ContainsAny(e.Value, ";#") {
			hint = ": a comment has a line of its own"
		}
		t.Refuse(e.Place, e.Key, fmt.Sprintf("%q is not a whole number of at least 0%s", e.Value, hint))
		return 0, false
	}
	return n, true
}
