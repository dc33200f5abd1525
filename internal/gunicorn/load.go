package gunicorn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"highball/internal/settings"
)

// PlaceDefault is the place of what nobody has written.
const PlaceDefault = "gunicorn's default"

const variableOfCLI = "GUNICORN_CMD_ARGS"

// Entry is a setting with the value that is in force.
type Entry struct {
	Setting
	Value any
	Place string // "gunicorn.conf.py:12", "--bind", "GUNICORN_CMD_ARGS: --bind", "WEB_CONCURRENCY"
	Given bool   // somebody has written it: it is no default
}

// Config is a configuration of gunicorn's that has been read.
type Config struct {
	// App is the application that the command line names, "" if it names none.
	App string

	// File is where the file is, an absolute path or "python:" and a module; "" if
	// there is none. Dir is where the configuration was read, an absolute path.
	File, Dir string

	// Systemd says that the sockets are systemd's; the caller sets it.
	Systemd bool

	// Remarks are what a reader should be told, though nothing is wrong.
	Remarks []string

	entries map[string]Entry
	hooks   []string // those that the file defines
	acts    bool     // the file does more than to define
	place   string   // of the file
	environ map[string]string
	changed map[string]string // variables that the file has set
	path    []string          // what the file has added to sys.path
}

// Options say where a configuration is read.
type Options struct {
	Args    []string
	Environ map[string]string
	Dir     string // the working directory, absolute

	// Python finds the interpreter that evaluates a file, for an application in
	// that directory. It is asked only if there is one.
	Python func(dir string) (Interpreter, error)
}

// Load reads a configuration in gunicorn's order: defaults and variables, the file,
// GUNICORN_CMD_ARGS, the command line. The error holds one for each mistake, or is
// [ErrHelp] or [ErrVersion].
func Load(ctx context.Context, o Options) (*Config, error) {
	l := loader{table: Settings(), Options: o}
	l.known = byName(l.table)
	l.cfg = &Config{Dir: o.Dir, environ: o.Environ, entries: map[string]Entry{}}
	if err := l.defaults(); err != nil {
		return nil, err
	}
	given, err := readLine(l.table, o.Args)
	if err != nil {
		return nil, err
	}
	if len(given.args) > 0 {
		l.cfg.App = given.args[0]
		l.set(l.known["default_proc_name"], l.cfg.App, "argument")
	}
	inherited, err := l.inherited()
	if err != nil {
		return nil, err
	}
	if err := l.file(ctx, given, inherited); err != nil {
		return nil, err
	}
	l.line(inherited, variableOfCLI+": ")
	l.line(given, "")
	return l.cfg, errors.Join(l.errs...)
}

type loader struct {
	Options
	table []Setting
	known map[string]Setting
	cfg   *Config
	errs  []error
}

// set gives a setting a value, by its rules.
func (l *loader) set(s Setting, v any, place string) {
	checked, err := s.check(v, l.Dir)
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s: %w", naming(place, s), err))
		return
	}
	l.cfg.entries[s.Name] = Entry{Setting: s, Value: checked, Place: place, Given: true}
}

// naming is a place with the setting's name, unless it is a flag and so has it.
func naming(place string, s Setting) string {
	for _, flag := range s.flags() {
		if place == flag || strings.HasSuffix(place, " "+flag) {
			return place
		}
	}
	return place + ": " + s.Name
}

// defaults are gunicorn's, and those that variables change.
func (l *loader) defaults() error {
	for _, s := range l.table {
		v, place := s.Default, PlaceDefault
		switch s.Name {
		case "chdir":
			v = l.Dir
		case "user":
			v = int64(os.Geteuid())
		case "group":
			v = int64(os.Getegid())
		}
		l.cfg.entries[s.Name] = Entry{Setting: s, Value: v, Place: place}
	}
	variable := func(variable, name string, v any) {
		l.set(l.known[name], v, variable)
	}
	if port, ok := l.Environ["PORT"]; ok {
		variable("PORT", "bind", list("0.0.0.0:"+port))
	}
	if ips, ok := l.Environ["FORWARDED_ALLOW_IPS"]; ok {
		variable("FORWARDED_ALLOW_IPS", "forwarded_allow_ips", ips)
	}
	if text, ok := l.Environ["WEB_CONCURRENCY"]; ok {
		n, ok := parseInt(text, 10)
		if !ok {
			return fmt.Errorf("WEB_CONCURRENCY: %q is not a whole number", text)
		}
		variable("WEB_CONCURRENCY", "workers", n)
	}
	err := errors.Join(l.errs...)
	return err
}

// inherited reads the flags of the variable.
func (l *loader) inherited() (line, error) {
	words, err := split(l.Environ[variableOfCLI])
	if err == nil {
		var given line
		if given, err = readLine(l.table, words); err == nil {
			return given, nil
		}
	}
	if errors.Is(err, ErrHelp) || errors.Is(err, ErrVersion) {
		return line{}, err
	}
	return line{}, fmt.Errorf("%s: %w", variableOfCLI, err)
}

func (l *loader) line(given line, prefix string) {
	for _, s := range l.table {
		if v, ok := given.values[s.Name]; ok {
			l.set(s, v, prefix+given.flags[s.Name])
		}
	}
}

// file finds the file and takes what it says.
func (l *loader) file(ctx context.Context, given, inherited line) error {
	location, place := "", ""
	for _, from := range []struct {
		line
		prefix string
	}{{given, ""}, {inherited, variableOfCLI + ": "}} {
		if text, _ := from.values["config"].(string); text != "" && location == "" {
			location, place = strings.TrimPrefix(text, "file:"), from.prefix+from.flags["config"]
		}
	}
	if location == "" {
		location, place = defaultFile(l.Dir), "the default file"
	}
	if location == "" {
		return nil
	}
	if !strings.HasPrefix(location, "python:") {
		if err := readable(absolute(l.Dir, location), location); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	dir := l.Dir
	if text, ok := given.values["chdir"].(string); ok {
		dir = absolute(l.Dir, text)
	}
	interpreter, err := l.Python(dir)
	if err != nil {
		return err
	}
	said, err := interpreter.evaluate(ctx, l.table, location, l.Dir)
	if err != nil {
		return err
	}
	return l.take(location, said)
}

// take takes what a file has said.
func (l *loader) take(location string, said answer) error {
	c := l.cfg
	c.File, c.place = location, shown(location, said.File)
	if !strings.HasPrefix(location, "python:") {
		c.File = absolute(l.Dir, location)
	}
	c.acts, c.changed, c.path = said.Acts, said.Environ, said.Path
	for _, s := range l.table {
		found, ok := said.Values[s.Name]
		if !ok {
			continue
		}
		var v any
		var err error
		if found.Object != nil {
			v = *found.Object
		} else if v, err = settings.ParseJSON(found.Value); err != nil {
			return err
		}
		l.set(s, v, said.at(location, s.Name))
		if s.isHook() {
			c.hooks = append(c.hooks, s.Name)
		}
	}
	for _, name := range slices.Sorted(slices.Values(said.Unset)) {
		c.Remarks = append(c.Remarks, fmt.Sprintf("%s: the variable %s is taken away, which has no effect on the workers", c.place, name))
	}
	l.remarkNames(location, said)
	return nil
}

// at is where the file gives a name its value.
func (a answer) at(location, name string) string {
	file := shown(location, a.File)
	if n, ok := a.Lines[name]; ok {
		return file + ":" + strconv.Itoa(n)
	}
	return file
}

// remarkNames tells of names that gunicorn passes over, if they are near to a setting's.
func (l *loader) remarkNames(location string, said answer) {
	names := slices.Sorted(maps.Keys(l.known))
	for _, name := range said.Names {
		_, known := l.known[name]
		_, assigned := said.Lines[name]
		if known || !assigned || len(name) < 5 {
			continue
		}
		if hint := nearName(name, names); hint != "" {
			l.cfg.Remarks = append(l.cfg.Remarks, fmt.Sprintf("%s: %s is not a setting, and has no effect: did you mean %s?", said.at(location, name), name, hint))
		}
	}
}

// nearName is the setting that a name of the file is a slip of: one letter, or its case.
func nearName(name string, names []string) string {
	for _, known := range names {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	hint := settings.Suggest(name, names)
	hint = strings.TrimSuffix(strings.TrimPrefix(hint, ": did you mean "), "?")
	if hint == "" || abs(len(hint)-len(name)) > 1 || hint[0] != name[0] {
		return ""
	}
	return hint
}

func abs(n int) int { return max(n, -n) }

// didYouMean ends an error about a word that is none of the names.
func didYouMean(word string, names []string) string { return settings.Suggest(word, names) }

// Entry returns a setting with its value.
func (c *Config) Entry(name string) Entry { return c.entries[name] }

// has says whether somebody has set it, and to what Python takes for true.
func (c *Config) has(name string) bool {
	e := c.entries[name]
	return e.Given && isSet(e.Value)
}

func (c *Config) text(name string) string {
	text, _ := c.entries[name].Value.(string)
	return text
}

func (c *Config) number(name string) int64 {
	n, _ := c.entries[name].Value.(int64)
	return n
}

func (c *Config) on(name string) bool {
	on, _ := c.entries[name].Value.(bool)
	return on
}

func (c *Config) texts(name string) (texts []string) {
	entries, _ := c.entries[name].Value.([]any)
	for _, entry := range entries {
		if text, ok := entry.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Check says whether the configuration and the application are to be loaded, and no more.
func (c *Config) Check() bool { return c.on("check_config") || c.PrintsConfig() }

// PrintsConfig says whether the settings in force are to be printed.
func (c *Config) PrintsConfig() bool { return c.on("print_config") }
