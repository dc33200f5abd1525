//go:build !windows

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"highball/internal/settings"
)

// Exit codes. Errors of package highball name theirs with a method ExitCode.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitApp     = 3
	exitNoApp   = 4   // under gunicorn's name
	exitNeedApp = 22  // under uWSGI's, as with its need-app
	exitPreFork = 255 // under gunicorn's
)

// exitCodes is the section of the manual about them.
func exitCodes() string {
	rows := []struct {
		code    int
		meaning string
	}{
		{exitOK, "Stopped as asked, every request in progress finished or its `drain-timeout` ran out; or the command did its work."},
		{exitFailure, "Failed while running: an address is in use, a file cannot be written, the application takes longer than `start-timeout`, a second signal or SIGQUIT stopped it at once. Under `highball uwsgi` also for what 2 is otherwise."},
		{exitUsage, "A flag, a variable, the settings file or a value is wrong. Nothing was started; starting again will not help."},
		{exitApp, "The application could not be loaded. Its traceback is in the log."},
		{exitNoApp, "Under the name of gunicorn: the module has no such application, or it cannot be called. There `1` is every mistake of the configuration and, with `preload_app`, of the application, `3` a module that " +
			"cannot be imported or a hook of workers that raises, and a stop by SIGINT or SIGQUIT is `0`."},
		{exitNeedApp, "Under the name of uWSGI, in place of 3: the application could not be loaded, as with `need-app`. There a stop by SIGINT or SIGQUIT is `0`, too."},
		{exitPreFork, "Under the name of gunicorn: the hook `pre_fork` raised at the start."},
	}
	var b strings.Builder
	b.WriteString("## Exit codes\n\n| Code | Meaning |\n|---|---|\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "| `%d` | %s |\n", row.code, row.meaning)
	}
	return b.String()
}

// usageError is a mistake in what the operator wrote.
type usageError struct {
	err     error
	command string // whose --help tells more
}

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }
func (e usageError) ExitCode() int { return exitUsage }

// saidError is one that another process has told of already.
type saidError struct{ code int }

func (e saidError) Error() string { return fmt.Sprintf("exit code %d", e.code) }
func (e saidError) ExitCode() int { return e.code }

// codedError is a mistake under another server's name, with the exit code that it has there.
type codedError struct {
	err  error
	code int
}

func (e codedError) Error() string { return e.err.Error() }
func (e codedError) Unwrap() error { return e.err }
func (e codedError) ExitCode() int { return e.code }

// refused is for an error about a Config: the settings are wrong, unless the
// error itself names another exit code.
func refused(cmd *cobra.Command, err error) error {
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return err
	}
	return usageError{err, cmd.CommandPath()}
}

// report prints err, if there is one, and returns the exit code for it.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	var said saidError
	if errors.As(err, &said) {
		return said.code
	}
	var told toldError
	if errors.As(err, &told) {
		stderr = io.Discard
	}
	var usage usageError
	isUsage := errors.As(err, &usage)
	mistakes := []error{err}
	var foreign codedError
	if isUsage {
		mistakes = settings.Errors(usage.err)
	} else if errors.As(err, &foreign) {
		mistakes = settings.Errors(foreign.err)
	}
	for _, mistake := range mistakes {
		fmt.Fprintf(stderr, "highball: error: %v\n", mistake)
	}
	if isUsage {
		fmt.Fprintf(stderr, "see '%s --help'\n", usage.command)
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailure
}

// flagError is called for what the flag parser refuses. Only verbs that have
// the flags of the settings suggest one.
func flagError(cmd *cobra.Command, err error) error {
	switch {
	case hasSettings(cmd):
		err = settingsTable().FlagError(err)
	case cmd.HasParent():
		err = settings.Table{}.FlagError(err)
	default:
		err = fmt.Errorf("%w: flags follow a command, as in '%s run APP --bind :8000'", settings.Table{}.FlagError(err), cmd.Name())
	}
	return usageError{err, cmd.CommandPath()}
}

// noVerb refuses arguments where a verb should stand.
func noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
		hint = ": did you mean " + names[0] + "?"
	} else if strings.ContainsAny(args[0], ":./") {
		hint = fmt.Sprintf(": to serve that application, write '%s run %s'", cmd.CommandPath(), args[0])
	}
	return usageError{fmt.Errorf("unknown command %q%s", args[0], hint), cmd.CommandPath()}
}

// noArgs is for verbs that take none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("unexpected argument %q", args[0]), cmd.CommandPath()}
}
