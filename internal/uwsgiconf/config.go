// Package uwsgiconf reads uWSGI's configuration, its files, its command line and its
// variables, as uWSGI 2.0 itself does, and says in Highball's settings what it comes to.
package uwsgiconf

import (
	"fmt"
	"strings"
)

// Entry is one option as it is in force: placeholders have their values by then.
type Entry struct {
	// Key is the option's name.
	Key string

	// Value is "" where there is none.
	Value string

	// Bare says that there is none, as with a flag of the command line.
	Bare bool

	// Place says where it stands, as "app.ini:7", "argument --ini" or "variable UWSGI_INI".
	Place string

	file   string // that it is from; "" for the command line
	quoted bool   // another option has it as %(…)
}

// System is what a configuration may ask of the machine and of the process.
type System struct {
	// Dir is the working directory, Args[0] what the program was called.
	Dir, Program string

	// Environ has "NAME=value" entries.
	Environ []string

	// Hostname, CPUs, Seconds and Microseconds are what %h, %k, %t and %T say.
	Hostname              string
	CPUs                  int
	Seconds, Microseconds int64

	// UID, GID, User and Group are what %u, %g, %U and %G say.
	UID, GID    int
	User, Group string
}

// getenv looks a variable up.
func (s System) getenv(name string) (string, bool) {
	for _, entry := range s.Environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// Config is a configuration that has been read.
type Config struct {
	// Entries are the options, in the order in which uWSGI takes them.
	Entries []Entry
}

// Options are the values that an application finds under each option's name, the last
// of those given; none where an option has none.
func (c *Config) Options() map[string][]string {
	options := map[string][]string{}
	for _, e := range c.Entries {
		options[e.Key] = []string{e.Value}
		if e.Bare {
			options[e.Key] = nil
		}
	}
	return options
}

// mistake is what is wrong at a place.
func mistake(place, format string, args ...any) error {
	return fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))
}

// Read reads what `uwsgi ARGS…` would: variables first, then the options of the command
// line, files as they are named, and at last the files that are arguments of their own.
func Read(args []string, sys System) (*Config, error) {
	r := &reader{sys: sys}
	if err := r.variables(); err != nil {
		return nil, err
	}
	if err := r.commandLine(args); err != nil {
		return nil, err
	}
	return r.finish()
}

// ReadFile reads one file.
func ReadFile(path string, sys System) (*Config, error) {
	r := &reader{sys: sys}
	kind, ok := kindOf(path)
	if !ok {
		return nil, fmt.Errorf("%s: want a file that ends in .ini, .yml, .yaml, .json or .js", path)
	}
	if err := r.file(kind, path, ""); err != nil {
		return nil, err
	}
	return r.finish()
}

func (r *reader) finish() (*Config, error) {
	for _, file := range r.templates {
		if err := r.include("ini", file); err != nil {
			return nil, err
		}
	}
	if err := r.substitute(); err != nil {
		return nil, err
	}
	if err := r.checkStrict(); err != nil {
		return nil, err
	}
	return &Config{Entries: r.entries}, nil
}
