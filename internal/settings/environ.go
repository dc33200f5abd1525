package settings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// environ is the part of a process environment that belongs to a table.
type environ map[string]string

// readEnviron picks t's variables out of env ("NAME=value") and complains about
// those that look like t's but are not: a mistyped variable would otherwise be
// a setting silently left at its default.
func (t Table) readEnviron(env []string) (environ, []error) {
	known := map[string]Setting{}
	for _, s := range t.Settings {
		known[t.Variable(s)] = s
	}
	found := environ{}
	var errs []error
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, t.prefix()) || t.injected(name, value) {
			continue
		}
		s, ok := known[name]
		switch {
		case !ok:
			errs = append(errs, t.unknownVariable(name))
		case s.FlagOnly:
			errs = append(errs, fmt.Errorf("%s: can be given only as the flag %s", name, s.Flag()))
		case value != "":
			// Container files set a variable to nothing in order to unset it.
			found[name] = value
		}
	}
	return found, errs
}

// injected reports whether Kubernetes put the variable there: every container
// gets such a set for each service of its namespace, and one may be named as
// the program, or begin with its name. See "Environment variables" in
// Kubernetes' page on services.
func (t Table) injected(name, value string) bool {
	rest := strings.TrimPrefix(name, t.prefix())
	if strings.HasPrefix(rest, "SERVICE_") || rest == "PORT" || strings.HasPrefix(rest, "PORT_") {
		return true
	}
	if strings.HasSuffix(rest, "_PORT") && strings.Contains(value, "://") {
		return true
	}
	return otherService().MatchString(rest)
}

func otherService() *regexp.Regexp {
	return regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
}

func (t Table) unknownVariable(name string) error {
	hint := ""
	if s, ok := t.guess(strings.TrimPrefix(name, t.prefix())); ok {
		hint = didYouMean(t.Variable(s), "")
		if s.FlagOnly {
			hint = didYouMean(s.Flag(), "the flag ")
		}
	}
	return fmt.Errorf("unknown variable %s%s", name, hint)
}

// split cuts a variable's text into entries. A map's are on lines of their
// own, since values may hold commas and end in spaces.
func (s Setting) split(text string) []string {
	var entries []string
	switch s.Kind {
	case List:
		for entry := range strings.SplitSeq(text, ",") {
			entries = append(entries, strings.TrimSpace(entry))
		}
	case Map:
		for line := range strings.Lines(text) {
			entries = append(entries, strings.TrimLeft(strings.TrimRight(line, "\r\n"), " \t"))
		}
	default:
		return []string{text}
	}
	return slices.DeleteFunc(entries, func(entry string) bool { return entry == "" })
}
