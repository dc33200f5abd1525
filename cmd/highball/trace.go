//go:build !windows

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"highball/internal/calltrace"
	"highball/internal/settings"
)

// traceFlags are the flags of trace that are no settings of the server.
type traceFlags struct {
	method  string
	headers []string
	body    string
	json    bool
	full    bool
}

func (p *program) traceCommand() *cobra.Command {
	var flags traceFlags
	cmd := &cobra.Command{
		Use:   "trace [APP] PATH [flags]",
		Short: "Send one request and print the whole call flow",
		Long: "Send one request to the WSGI application APP, through the server and a worker as `highball run` " +
			"has them, and print step by step what happens: the request, environ, the call, start_response, " +
			"each block, close(), the response.\n\n" +
			"What the application prints and logs goes to stderr.",
		Example: "  highball trace mysite.wsgi /\n" +
			"  highball trace app.py /login -d 'name=ada' -H 'Accept-Language: en' --middleware mw:Timing",
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.trace(cmd, args, &flags)
		},
	}
	own := cmd.Flags()
	own.StringVarP(&flags.method, "request", "X", "", "the `METHOD` (GET, or POST with -d)")
	own.StringArrayVarP(&flags.headers, "header", "H", nil, "a header field, `'Name: value'`; 'Name:' leaves one out")
	own.StringVarP(&flags.body, "data", "d", "", "the request's `BODY`; @FILE reads it, @- from stdin")
	own.BoolVar(&flags.json, "json", false, "print one JSON document")
	own.BoolVar(&flags.full, "full", false, "print whole bodies and values, and every block")
	addSomeSettings(cmd, "validate", "log-level")
	return cmd
}

func (p *program) trace(cmd *cobra.Command, args []string, flags *traceFlags) error {
	app, target, err := splitTarget(args)
	if err != nil {
		return usageError{err, cmd.CommandPath()}
	}
	values, err := p.loadSettings(cmd, app)
	if err != nil {
		return err
	}
	request := &calltrace.Request{
		Method: flags.method, Target: target, Fields: flags.headers, HasBody: cmd.Flags().Changed("data"),
	}
	if request.Body, err = readBody(cmd, flags.body); err != nil {
		return err
	}
	document, err := p.traceRequest(cmd.Context(), values, request)
	var wrong *requestError
	if errors.As(err, &wrong) {
		return usageError{err, cmd.CommandPath()}
	}
	if document == nil {
		return err
	}
	return errors.Join(p.printTrace(document, flags), err)
}

func (p *program) printTrace(document *calltrace.Document, flags *traceFlags) error {
	if flags.json {
		return writeJSON(p.stdout, document)
	}
	return document.Print(p.stdout, calltrace.Style{Color: p.isTerminal(), Full: flags.full})
}

// splitTarget tells the application from the path. One argument alone is the
// path, unless it does not look like one or is a file.
func splitTarget(args []string) (app []string, target string, err error) {
	switch len(args) {
	case 0:
		return nil, "", errors.New("no path was given: name what to request, as in 'highball trace app.py /'")
	case 1:
		_, missing := os.Stat(args[0])
		if args[0] == "/" || args[0] == "*" || strings.HasPrefix(args[0], "/") && missing != nil {
			return nil, args[0], nil
		}
		return args, "/", nil
	case 2:
		return args[:1], args[1], nil
	}
	return nil, "", fmt.Errorf("unexpected argument %q", strings.Join(args[2:], " "))
}

// readBody is curl's -d: a text, @file or @- for stdin.
func readBody(cmd *cobra.Command, text string) (string, error) {
	path, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return text, nil
	}
	if path == "-" {
		body, err := io.ReadAll(cmd.InOrStdin())
		return string(body), err
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return "", usageError{fmt.Errorf("--data: %w", err), cmd.CommandPath()}
	}
	return string(body), nil
}

func writeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// isTerminal says whether stdout shows colours.
func (p *program) isTerminal() bool {
	file, ok := p.stdout.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// appSettingNames are the settings that say which application is loaded and how.
var appSettingNames = []string{
	"app", "mount", "config", "chdir", "python", "pythonpath", "env", "environ", "middleware", "script-name",
	"start-timeout", "request-timeout",
}

// addSomeSettings gives cmd the flags of the settings that say what is loaded,
// and of those named. loadSettings reads them as for run, with the defaults of
// all others; variables and the file are read in full.
func addSomeSettings(cmd *cobra.Command, names ...string) {
	table := settings.Table{Program: settingsTable().Program}
	for _, s := range settingsTable().Settings {
		if slices.Contains(appSettingNames, s.Name) || slices.Contains(names, s.Name) {
			table.Settings = append(table.Settings, s)
		}
	}
	own := cmd.LocalFlags().FlagUsages()
	table.AddFlags(cmd.Flags())
	cmd.SetUsageFunc(func(asked *cobra.Command) error {
		_, err := fmt.Fprintf(asked.OutOrStderr(), "Usage:\n  %s\n\nOptions:\n%s\n%s", asked.UseLine(), own, table.Help())
		return err
	})
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{table.FlagError(err), cmd.CommandPath()}
	})
}
