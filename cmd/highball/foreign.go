//go:build !windows

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"highball/internal/migrate"
	"highball/internal/settings"
)

// A verb under another server's name reads that server's configuration, and serves.

// foreignSettings resolves our settings from another server's configuration. What that
// server has only by default (places says by which Place) gives way to our own variables
// and file.
func (p *program) foreignSettings(t *migrate.Translation, defaults string) (settings.Values, error) {
	table := settingsTable()
	sources := settings.Sources{Given: t.Given, Environ: p.environ}
	values, _ := table.Resolve(sources)
	var err error
	if sources.File, err = settingsFile(values); err != nil {
		return values, err
	}
	ours, _ := table.Resolve(settings.Sources{Environ: sources.Environ, File: sources.File})
	sources.Given = nil
	for _, g := range t.Given {
		switch {
		case g.Name == "access-log-format" && g.Place == defaults && ours.String("log-format") == "json":
			// Who has asked for JSON has asked for it in both logs.
		case g.Place != defaults || ours.Source(g.Name) == settings.SourceDefault:
			sources.Given = append(sources.Given, g)
		}
	}
	return table.Resolve(sources)
}

// placed says of a mistake in a Config where the setting that it begins with was given.
func placed(err error, given []settings.Given) error {
	var usage usageError
	if !errors.As(err, &usage) {
		return err
	}
	var errs []error
	for _, mistake := range settings.Errors(usage.err) {
		for _, g := range slices.Backward(given) {
			if isOf(mistake, g) {
				mistake = fmt.Errorf("%s: %w", g.Place, mistake)
				break
			}
		}
		errs = append(errs, mistake)
	}
	return usageError{errors.Join(errs...), usage.command}
}

// isOf says whether a mistake begins with the name of a setting, or with its value.
func isOf(mistake error, g settings.Given) bool {
	text := mistake.Error()
	if after, ok := strings.CutPrefix(text, g.Name); ok && strings.IndexAny(after, " :") == 0 {
		return true
	}
	return slices.ContainsFunc(g.Texts, func(value string) bool { return strings.HasPrefix(text, strconv.Quote(value)+":") })
}

// fewLeft is how many lines somebody reads who only wants to start the server.
const fewLeft = 4

// sayLeft tells what has no effect, or another, and why: at debug, if that is much.
func sayLeft(logger *slog.Logger, left []migrate.Left) {
	if len(left) <= fewLeft {
		for _, l := range left {
			logger.Warn("not as gunicorn has it: " + l.Error())
		}
		return
	}
	var names []string
	for _, l := range left {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	logger.Warn("not as gunicorn has it, or without effect here: " + strings.Join(names, ", ") + " (--check-config says why)")
	for _, l := range left {
		logger.Debug(l.Error())
	}
}

// ourVirtualenv is the virtual environment in whose bin the program was called, "" if
// it was not: a link there serves by its Python.
func (p *program) ourVirtualenv() string {
	dir, err := os.Getwd()
	if err != nil || verbOfName(os.Args[0]) != gunicornName {
		return ""
	}
	home := filepath.Dir(filepath.Dir(findProgram(os.Args[0], dir, getenv(p.environ)("PATH"))))
	if _, err := os.Stat(filepath.Join(home, "pyvenv.cfg")); err != nil {
		return ""
	}
	return home
}

// foreignList is for --check-config: what has no effect, each with its reason.
func foreignList(left []migrate.Left) string {
	var b strings.Builder
	for _, l := range left {
		fmt.Fprintf(&b, "note: %s\n", l.Error())
	}
	return b.String()
}
