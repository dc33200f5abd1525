// Package settings turns one description of a program's settings into
// everything that must agree about them: command-line flags, environment
// variables, the keys of a TOML file, the help text and the manual page.
//
// A program writes a [Table]. [Table.AddFlags] defines the flags,
// [Table.Resolve] reads all sources and returns [Values], [Table.Help] and
// [Table.Markdown] print the same descriptions for people.
//
// A setting comes from the first source that gives it: flag, variable, file,
// default. Lists and maps are replaced as a whole, never merged, so that what
// is in force can be read in one place.
package settings

import "strings"

// Kind is the type of a setting's value, and so the syntax it is written in.
type Kind int

// The kinds, with the Go type that a value of each has.
const (
	String   Kind = iota // string
	Int                  // int
	Duration             // time.Duration; zero means off
	Bool                 // bool; the flag has a --no- form
	Enum                 // string, one of Setting.Choices
	List                 // []string; the flag is repeatable
	Map                  // map[string]string; the flag is repeatable, NAME=VALUE
	Size                 // Bytes; zero means off
)

// String returns the kind as the manual names it.
func (k Kind) String() string {
	switch k {
	case Int:
		return "whole number"
	case Duration:
		return "time"
	case Bool:
		return "boolean"
	case Enum:
		return "choice"
	case List:
		return "list of strings"
	case Map:
		return "table of strings"
	case Size:
		return "size in bytes"
	default:
		return "string"
	}
}

// Setting describes one setting. Everything that is printed about it and
// everything that reads it comes from here.
type Setting struct {
	// Name is the setting's name in lower case with dashes, as in its flag.
	Name string

	// Short is the one-letter flag, if there is one.
	Short string

	Kind Kind

	// Default is written as it would be in a variable. Empty means the zero
	// value, which Automatic may explain.
	Default string

	// Automatic says what stands in for an empty Default, such as "one for each CPU".
	Automatic string

	// Min is the least value that an Int may have.
	Min int

	// Choices are the values that an Enum may have.
	Choices []string

	// Positional settings also take the command's arguments, in table order.
	Positional bool

	// FlagOnly settings have neither a variable nor a key in the file.
	FlagOnly bool

	// Group is the heading that the setting stands under.
	Group string

	// Placeholder names the value in help texts; empty takes the kind's own.
	Placeholder string

	// Usage is one line for the help text, lower case, without a full stop.
	Usage string

	// Doc is Markdown prose for the manual: the default and the reason for it,
	// the unit, what it interacts with, what can go wrong.
	Doc string

	// KnownAs lists names that other programs have for the same thing. They are
	// not accepted; an unknown name among them is answered with this setting's.
	KnownAs []string
}

// Flag returns the setting's flag, "--request-timeout".
func (s Setting) Flag() string { return "--" + s.Name }

// Key returns the setting's key in the file, "request_timeout".
func (s Setting) Key() string { return strings.ReplaceAll(s.Name, "-", "_") }

// Table is a program's settings, in the order in which they are printed.
type Table struct {
	// Program is the program's name; in upper case it begins its variables.
	Program  string
	Settings []Setting

	// Sections are the lists of tables that the file may have.
	Sections []Section
}

// Variable returns the environment variable of s, "HIGHBALL_REQUEST_TIMEOUT".
func (t Table) Variable(s Setting) string {
	return t.prefix() + strings.ToUpper(s.Key())
}

func (t Table) prefix() string { return strings.ToUpper(t.Program) + "_" }

// groups returns the headings in the order of their first setting.
func (t Table) groups() []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range t.Settings {
		if !seen[s.Group] {
			seen[s.Group] = true
			names = append(names, s.Group)
		}
	}
	return names
}

func (t Table) inGroup(group string) []Setting {
	var found []Setting
	for _, s := range t.Settings {
		if s.Group == group {
			found = append(found, s)
		}
	}
	return found
}
