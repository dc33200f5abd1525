//go:build !windows

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"highball/internal/gunicorn"
	"highball/internal/migrate"
	"highball/internal/settings"
	"highball/internal/uwsgiconf"
)

func (p *program) convertCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "convert KIND FILE",
		Short: "Print another server's configuration as highball.toml",
		Long: "Print what the configuration FILE of another server comes to as a settings file, with the place of each line, and as comments " +
			"what has no effect here and why. KIND is " + strings.Join(foreignKinds(), " or ") + ".",
		Example:               "  highball config convert uwsgi app.ini > highball.toml",
		Args:                  cobra.ArbitraryArgs,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{fmt.Errorf("want a kind (%s) and a file", strings.Join(foreignKinds(), ", ")), cmd.CommandPath()}
			}
			tr, err := p.convert(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return p.writeConverted(args[1], tr)
		},
	}
}

// foreignKinds are the servers whose files convert reads.
func foreignKinds() []string { return []string{"gunicorn", "uwsgi"} }

// convert reads a file of another server.
func (p *program) convert(ctx context.Context, kind, file string) (migrate.Translation, error) {
	switch kind {
	case "gunicorn":
		dir, err := os.Getwd()
		if err != nil {
			return migrate.Translation{}, err
		}
		ctx, stop := untilSignal(ctx)
		defer stop()
		tr, err := gunicorn.TranslateFile(ctx, file, dir, (&gunicornPython{program: p}).find)
		if err != nil {
			return tr, foreign(err)
		}
		return tr, nil
	case "uwsgi":
		sys, err := p.uwsgiSystem()
		if err != nil {
			return migrate.Translation{}, err
		}
		conf, err := uwsgiconf.ReadFile(file, sys)
		if err != nil {
			return migrate.Translation{}, foreign(err)
		}
		return uwsgiconf.Translate(conf, sys), nil
	}
	return migrate.Translation{}, foreign(fmt.Errorf("there is no kind %q: want %s", kind, strings.Join(foreignKinds(), " or ")))
}

// writeConverted writes a translation as a settings file.
func (p *program) writeConverted(file string, tr migrate.Translation) error {
	values, err := p.given(tr)
	if err != nil {
		return foreign(err)
	}
	_, err = io.WriteString(p.stdout, converted(file, tr, values))
	return err
}

// converted is the file: what is set, in the order of the settings, and what is not.
func converted(file string, tr migrate.Translation, values settings.Values) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What %s comes to.\n\n", file)
	for _, s := range settingsTable().Settings {
		of := func(g settings.Given) bool { return g.Name == s.Name }
		if !slices.ContainsFunc(tr.Given, of) {
			continue
		}
		fmt.Fprintf(&b, "%s  # %s\n", values.Assignment(s.Name), values.Source(s.Name))
	}
	for _, l := range tr.Left {
		kind := "without effect"
		if l.Refused {
			kind = "refused"
		}
		fmt.Fprintf(&b, "\n# %s: %s: %s: %s", l.Place, l.Name, kind, l.Why)
	}
	if len(tr.Left) > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}
