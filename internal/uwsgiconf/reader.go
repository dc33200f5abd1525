package uwsgiconf

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// reader gathers options, and does at once what uWSGI does at once.
type reader struct {
	sys       System
	first     string // the first file, which %P and others are about
	reading   []string
	entries   []Entry
	templates []Entry // of `inherit`: read when all else is
	logic     *logic  // the if or for that is open
}

// add takes an option, as it is written.
func (r *reader) add(e Entry) error {
	if r.logic != nil {
		return r.inLogic(e)
	}
	return r.take(e)
}

// take takes an option that no if stands before.
func (r *reader) take(e Entry) error {
	if begins, err := r.beginLogic(e); begins || err != nil {
		return err
	}
	r.entries = append(r.entries, e)
	switch e.Key {
	case "ini", "include":
		return r.include("ini", e)
	case "yaml", "yml":
		return r.include("yaml", e)
	case "json", "js":
		return r.include("json", e)
	case "inherit":
		e.Key = "include"
		r.templates = append(r.templates, e)
	case "xml", "xmlconfig":
		return mistake(e.Place, "XML is not read here: write the same options as an ini file, `name = value` below [uwsgi]")
	case "set", "set-placeholder", "set-ph":
		return r.set(e)
	}
	return nil
}

// set is for `set = name=value`: an option, or a name for %(…).
func (r *reader) set(e Entry) error {
	name, value, found := strings.Cut(e.Value, "=")
	switch {
	case !found:
		return mistake(e.Place, "%s: %q is not name=value", e.Key, e.Value)
	case e.Key != "set" && isOption(name):
		return mistake(e.Place, "%s: %s is the name of an option: choose another for a placeholder", e.Key, name)
	case e.Key != "set":
		r.entries = append(r.entries, Entry{Key: name, Value: value, Place: e.Place, file: placeholder})
		return nil
	}
	return r.add(Entry{Key: name, Value: value, Place: e.Place, file: e.file})
}

// placeholder stands for the file of a name that `strict` does not ask about.
const placeholder = "\x00"

// kindOf says by its name how a file is written.
func kindOf(path string) (string, bool) {
	switch filepath.Ext(path) {
	case ".ini":
		return "ini", true
	case ".yml", ".yaml":
		return "yaml", true
	case ".json", ".js":
		return "json", true
	}
	return "", false
}

// include reads the file that an option names; which kind it is, its name may say better.
func (r *reader) include(kind string, e Entry) error {
	path, section := cutSection(e.Value)
	if strings.Contains(path, "://") || path == "-" {
		return mistake(e.Place, "%s: %s cannot be read here: write it to a file and name that", e.Key, e.Value)
	}
	if path == "" { // `ini = :section`: the same file
		if path = e.file; path == "" || path == placeholder {
			return mistake(e.Place, "%s: %q names no file", e.Key, e.Value)
		}
	}
	if e.Key == "include" {
		var ok bool
		if kind, ok = kindOf(path); !ok {
			return mistake(e.Place, "%s: %s: want a file that ends in .ini, .yml, .yaml, .json or .js", e.Key, path)
		}
	}
	return r.within(e, r.file(kind, path, section))
}

// within says at which option a file was named that cannot be read.
func (r *reader) within(e Entry, err error) error {
	var unreadable *fs.PathError
	if errors.As(err, &unreadable) {
		return mistake(e.Place, "%s: cannot read %s: %v", e.Key, e.Value, unreadable.Err)
	}
	return err
}

// cutSection takes "file:section" apart.
func cutSection(text string) (path, section string) {
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.Contains(text, "://") {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// byteOrderMark is what some editors begin a file with.
const byteOrderMark = "\ufeff"

// file reads a file's section, "uwsgi" unless another is asked for.
func (r *reader) file(kind, path, section string) error {
	written := section
	if section == "" {
		section = "uwsgi"
	}
	if slices.Contains(r.reading, path+":"+section) {
		return mistake(path, "the file includes itself")
	}
	r.reading = append(r.reading, path+":"+section)
	defer func() { r.reading = r.reading[:len(r.reading)-1] }()
	text, err := os.ReadFile(r.absolute(path))
	if err != nil {
		return err
	}
	if r.first == "" {
		r.first = path
	}
	parse := map[string]func([]line, string) ([]pair, error){"ini": parseINI, "yaml": parseYAML, "json": parseJSON}[kind]
	pairs, err := parse(r.magicFor(path, written).expand(strings.TrimPrefix(string(text), byteOrderMark)), section)
	if err != nil {
		return mistake(err.(*syntaxError).place(path), "%s", err)
	}
	if pairs == nil {
		return mistake(path, "there is no section %q in it: uWSGI's options stand below %s", section, header(kind, section))
	}
	for _, p := range pairs {
		place := (&syntaxError{line: p.line}).place(path)
		if err := r.add(Entry{Key: p.key, Value: p.value, Place: place, file: path}); err != nil {
			return err
		}
	}
	return nil
}

func header(kind, section string) string {
	switch kind {
	case "ini":
		return "[" + section + "]"
	case "yaml":
		return section + ":"
	default:
		return `{"` + section + `": {…}}`
	}
}

func (r *reader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.sys.Dir, path)
}

// real is the path of a file without links.
func (r *reader) real(path string) string {
	path = r.absolute(path)
	if found, err := filepath.EvalSymlinks(path); err == nil {
		return found
	}
	return path
}

// checkStrict refuses what uWSGI has no option for, where `strict` asks for that.
func (r *reader) checkStrict() error {
	var errs []error
	strict := false
	for _, e := range r.entries {
		strict = strict || e.Key == "strict" && isTrue(e.Value)
		if e.file != placeholder && !isOption(e.Key) {
			errs = append(errs, mistake(e.Place, "unknown option %s, and strict is set%s", e.Key, suggestion(e.Key, "")))
		}
	}
	if !strict {
		return nil
	}
	return errors.Join(errs...)
}
