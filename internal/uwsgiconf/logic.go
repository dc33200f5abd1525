package uwsgiconf

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// logic is an if or a for that is open. They do not nest: an option of their kind within
// one is a mistake to uWSGI, too.
type logic struct {
	begin Entry
	holds []string // what %(_) is, for each time that the options within are taken
}

// beginLogic takes `if-…` and `for…`.
func (r *reader) beginLogic(e Entry) (bool, error) {
	name, ok := logicName(e.Key)
	if !ok && !isEnd(e.Key) {
		return false, nil
	}
	e.file = placeholder // an application sees it among the options, and it is done with
	r.entries = append(r.entries, e)
	if !ok {
		return true, nil
	}
	l := &logic{begin: e}
	switch {
	case name == "for":
		l.holds = strings.Fields(e.Value)
	case strings.HasPrefix(name, "for"):
		return true, mistake(e.Place, "%s: not supported: write the lines out that it would make, or `for = a b c`", e.Key)
	default:
		what := strings.TrimPrefix(name, "if-")
		test, negated := strings.CutPrefix(what, "not-")
		holds, value, err := r.holds(test, e)
		if err != nil {
			return true, err
		}
		if holds != negated {
			l.holds = []string{value}
		}
	}
	r.logic = l
	return true, nil
}

// logicName is the name of an option of this kind without its other spellings.
func logicName(key string) (string, bool) {
	other := map[string]string{
		"ifenv": "if-env", "ifexists": "if-exists", "ifplugin": "if-plugin", "ifdir": "if-dir", "if-directory": "if-dir",
		"for": "for", "for-glob": "for-glob", "for-times": "for-times", "for-readline": "for-readline",
	}
	if name, ok := other[key]; ok {
		return name, true
	}
	test := strings.TrimPrefix(strings.TrimPrefix(key, "if-"), "not-")
	return key, strings.HasPrefix(key, "if-") && slices.Contains(tests, test)
}

var tests = []string{"opt", "env", "exists", "file", "dir", "plugin", "reload", "hostname", "hostname-match"}

func isEnd(key string) bool {
	return slices.Contains([]string{"end", "endif", "end-if", "endfor", "end-for"}, key)
}

// inLogic takes an option within an if or a for.
func (r *reader) inLogic(e Entry) error {
	open := r.logic
	if isEnd(e.Key) {
		r.logic = nil
		return r.take(e)
	}
	if _, nested := logicName(e.Key); nested {
		return mistake(e.Place, "%s within the %s of %s: they do not nest, end the first with `endif =`", e.Key, open.begin.Key, open.begin.Place)
	}
	r.logic = nil
	for _, value := range open.holds {
		inner := e
		inner.Value = strings.ReplaceAll(e.Value, "%(_)", value)
		if err := r.take(inner); err != nil {
			return err
		}
	}
	if r.logic == nil { // no file within has left one open
		r.logic = open
	}
	return nil
}

// holds says whether what an if asks is so, and what %(_) is then.
func (r *reader) holds(test string, e Entry) (bool, string, error) {
	name, want, compared := strings.Cut(e.Value, "=")
	switch test {
	case "opt":
		i := slices.IndexFunc(r.entries, func(x Entry) bool { return x.Key == name && (!compared || x.Value == want) })
		if i < 0 {
			return false, "", nil
		}
		return true, r.entries[i].Value, nil
	case "env":
		value, set := r.sys.getenv(name)
		return set && (!compared || value == want), value, nil
	case "exists", "file", "dir":
		info, err := os.Stat(r.absolute(e.Value))
		ok := err == nil && (test == "exists" || info.IsDir() == (test == "dir"))
		return ok && e.Value != "", e.Value, nil
	case "hostname":
		return e.Value == r.sys.Hostname, e.Value, nil
	case "hostname-match":
		pattern, err := regexp.Compile(e.Value)
		if err != nil {
			return false, "", mistake(e.Place, "%s: %q is not a regular expression", e.Key, e.Value)
		}
		return pattern.MatchString(r.sys.Hostname), e.Value, nil
	case "plugin":
		return strings.HasPrefix(e.Value, "python") || e.Value == "http", e.Value, nil
	}
	return false, e.Value, nil // reload: uWSGI starts itself anew for one, this server does not
}
