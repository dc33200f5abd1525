//go:build !windows

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"highball/internal/settings"
)

// notAttached are the settings that say what a program that serves its own application
// has settled by being there, and why.
func notAttached() map[string]string {
	const (
		made   = "the application is the object that the program gives"
		itself = "the application runs in the program's own process: the program sets it itself"
		user   = "the workers would stay who the program is: become another user before, or start it as one"
	)
	return map[string]string{
		"app": made, "preload": made, "python": itself, "pythonpath": itself, "env": itself, "chdir": itself,
		"config": "write the settings as arguments", "user": user, "group": user,
		"touch-reload": errNoReload, "reload-mode": errNoReload, "reload-on-change": errNoReload, "reload-extra": errNoReload,
		"reload-on-script-change": errNoReload, "mount": made, "daemon": "the program is what would go to the background",
	}
}

const errNoReload = "the application was made by the program: start that again to have other code served"

// typeError is a mistake for which Python has TypeError.
type typeError struct{ error }

func (e typeError) Unwrap() error { return e.error }

// values are the settings of the arguments, which come first, and of the environment.
func (a attachment) values(environ []string) (settings.Values, error) {
	table := settingsTable()
	var given []settings.Given
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.Settings)) {
		s, err := a.setting(table, name)
		if err != nil {
			errs = append(errs, typeError{err})
			continue
		}
		given = append(given, settings.Given{Name: s.Name, Texts: a.Settings[name], Place: a.Caller + "()"})
	}
	values, err := table.Resolve(settings.Sources{Given: given, Environ: environ})
	errs = append(errs, settings.Errors(err)...)
	for name, why := range notAttached() {
		if source := values.Source(name); strings.HasPrefix(source, "variable ") && (name == "user" || name == "group") {
			errs = append(errs, fmt.Errorf("%s: %s", source, why))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return values, usageError{err, "highball run"}
	}
	return values, nil
}

// setting finds the one that an argument stands for.
func (a attachment) setting(table settings.Table, name string) (settings.Setting, error) {
	i := slices.IndexFunc(table.Settings, func(s settings.Setting) bool { return s.Name == name || s.Key() == name })
	if i < 0 {
		return settings.Setting{}, table.UnknownArgument(a.Caller+"()", name)
	}
	s := table.Settings[i]
	if why, refused := notAttached()[s.Name]; refused {
		return s, fmt.Errorf("%s(): %s is not for this: %s", a.Caller, s.Key(), why)
	}
	if n := len(a.Settings[name]); n != 1 && s.Kind != settings.List && s.Kind != settings.Map {
		return s, fmt.Errorf("%s(): %s takes one value, not a list of %d", a.Caller, s.Key(), n)
	}
	return s, nil
}
