package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Given is a value that another program's configuration comes to.
type Given struct {
	// Name is the setting's.
	Name string

	// Texts are its values, written as a flag's: one, or those of a list or a table.
	Texts []string

	// Place says where it was found, as "gunicorn.conf.py:12".
	Place string
}

// Sources is where [Table.Resolve] looks for values.
type Sources struct {
	// Flags is a parsed set that AddFlags has filled; it may be nil.
	Flags *pflag.FlagSet

	// Args are the arguments that remain after the flags.
	Args []string

	// Given comes before all others. Of two with one name the later counts.
	Given []Given

	// Environ is the process environment, entries of the form "NAME=value".
	Environ []string

	// Object, if set, is a table of settings in a program that starts this one. It comes
	// before the file.
	Object *Object

	// File is the path of a TOML file, or empty for none.
	File string
}

// Resolve returns the value of every setting of t. The error holds one error
// for each mistake, in all sources, each naming its source; [Errors] takes it
// apart.
func (t Table) Resolve(from Sources) (Values, error) {
	r := resolver{table: t, from: from, values: make(map[string]value, len(t.Settings)), entries: map[string][]Values{}}
	r.readSources()
	for _, s := range t.Settings {
		r.resolve(s)
	}
	for _, c := range t.Sections {
		r.resolveSection(c)
	}
	return Values{table: t, values: r.values, entries: r.entries}, errors.Join(r.errs...)
}

// Errors returns the single mistakes of an error that Resolve returned, and any
// other error as it is.
func Errors(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != errors.Join(joined.Unwrap()...).Error() {
		return []error{err} // or fmt.Errorf, whose own text would be lost
	}
	return joined.Unwrap()
}

type resolver struct {
	table   Table
	from    Sources
	args    map[string]string
	environ environ
	file    map[string]any
	values  map[string]value
	entries map[string][]Values
	errs    []error
}

func (r *resolver) readSources() {
	r.readArgs()
	var errs []error
	r.environ, errs = r.table.readEnviron(r.from.Environ)
	r.errs = append(r.errs, errs...)
	if r.from.Object != nil {
		r.errs = append(r.errs, r.table.checkKeys(r.from.Object.Content, r.from.Object.Name, r.from.Object.place)...)
	}
	if r.from.File != "" {
		r.file, errs = r.table.readFile(r.from.File)
		r.errs = append(r.errs, errs...)
	}
}

// readArgs gives the arguments to the positional settings.
func (r *resolver) readArgs() {
	r.args = map[string]string{}
	rest := r.from.Args
	for _, s := range r.table.Settings {
		if !s.Positional || len(rest) == 0 {
			continue
		}
		if _, twice := fromFlag(r.from.Flags, s); twice {
			r.errs = append(r.errs, fmt.Errorf("%s is given twice, as %q and as %s", s.Name, rest[0], s.Flag()))
		}
		r.args[s.Name], rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		r.errs = append(r.errs, fmt.Errorf("unexpected argument %q", strings.Join(rest, " ")))
	}
}

// resolve finds the first source that gives s. A value that is wrong is
// reported and not replaced by that of a lower source.
func (r *resolver) resolve(s Setting) {
	texts, source, place, err := r.lookup(s)
	var parsed any = s.zero()
	if err == nil && source != "" {
		parsed, err = s.parse(texts)
	} else if err == nil && s.Default != "" {
		parsed, err = s.parse(s.split(s.Default))
		place = "default of " + s.Flag()
	}
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", place, err))
		parsed = s.zero()
	}
	if source == "" {
		source = SourceDefault
	}
	r.values[s.Name] = value{content: parsed, source: source}
}

// lookup returns what the highest source says about s: its texts, the source
// as Values.Source reports it and as an error begins with it. Without any the
// source is empty.
func (r *resolver) lookup(s Setting) (texts []string, source, place string, err error) {
	if arg, ok := r.args[s.Name]; ok {
		return []string{arg}, "argument", "argument", nil
	}
	for _, given := range slices.Backward(r.from.Given) {
		if given.Name == s.Name {
			return given.Texts, given.Place, given.Place + ": " + s.Name, nil
		}
	}
	if flag, ok := fromFlag(r.from.Flags, s); ok {
		return flag.texts, "flag " + flag.given, flag.given, nil
	}
	if s.FlagOnly {
		return nil, "", "", nil
	}
	name := r.table.Variable(s)
	if text, ok := r.environ[name]; ok {
		return s.split(text), "variable " + name, name, nil
	}
	if object := r.from.Object; object != nil {
		if content, ok := object.Content[s.Key()]; ok {
			texts, err = s.fromTOML(content)
			return texts, object.Name, object.place(s.Key()), err
		}
	}
	if content, ok := r.file[s.Key()]; ok && !r.isSection(s.Key()) {
		texts, err = s.fromTOML(content)
		return texts, r.from.File, r.from.File + ": " + s.Key(), err
	}
	return nil, "", "", nil
}
