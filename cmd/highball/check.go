//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"highball"
	"highball/internal/calltrace"
	"highball/internal/obs"
	"highball/internal/settings"
)

func (p *program) checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [APP] [flags]",
		Short: "Check an application against PEP 3333",
		Long: "Run the WSGI application APP through wsgiref.validate and probes of Highball's own, without a socket, " +
			"and print what breaks which clause of PEP 3333, with file and line.\n\n" +
			"The probes are real requests, POST and DELETE among them: do not check against a database in use.\n" +
			"What the application prints and logs is shown only with --log-level.\n" +
			"The exit code is 0 when nothing breaks, 1 when something does, 3 when the application cannot be loaded.",
		Example:               "  highball check mysite.wsgi\n  highball check app.py --middleware mw:Timing --json",
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs, // counted with the settings
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.check(cmd, args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	addSomeSettings(cmd, "log-level")
	return cmd
}

func (p *program) check(cmd *cobra.Command, args []string, asJSON bool) error {
	values, err := p.loadSettings(cmd, args)
	if err != nil {
		return err
	}
	logger := slog.New(slog.DiscardHandler)
	if values.Source("log-level") != settings.SourceDefault {
		logger = slog.New(p.applicationLog(values)) // many requests say the same
	}
	cfg := serverConfig(values, logs{server: logger})
	if len(cfg.Apps) > 0 {
		return p.checkEach(cmd.Context(), cfg, asJSON)
	}
	report, err := highball.Check(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(p.stdout, report)
	} else {
		_, err = io.WriteString(p.stdout, reportText(report))
	}
	return errors.Join(err, verdict(report))
}

// verdict is nil if nothing breaks PEP 3333.
func verdict(report *highball.CheckReport) error {
	if report.Breaks() == 0 {
		return nil
	}
	return fmt.Errorf("checked %s: %s", counted(report.Probes, "probe"), breaksText(report.Breaks()))
}

// checkEach checks several applications. That one cannot be loaded does not keep the
// others from it.
func (p *program) checkEach(ctx context.Context, cfg highball.Config, asJSON bool) error {
	reports := map[string]*highball.CheckReport{}
	var problems []error
	for _, app := range cfg.Apps {
		report, err := highball.Check(ctx, cfg.Alone(app))
		if err == nil {
			reports[app.Label()] = report
			err = verdict(report)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("app %s: %w", app.Label(), err))
		}
		if report != nil && !asJSON {
			fmt.Fprintf(p.stdout, "app %s: %s\n", app.Label(), reportText(report))
		}
	}
	if asJSON {
		problems = append(problems, writeJSON(p.stdout, reports))
	}
	return errors.Join(problems...)
}

func breaksText(n int) string {
	if n == 1 {
		return "1 thing breaks PEP 3333"
	}
	return fmt.Sprintf("%d things break PEP 3333", n)
}

// reportText puts the breaks first, then the notes.
func reportText(r *highball.CheckReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s\n\n", r.Application, r.Python)
	for _, f := range r.Findings {
		if !f.Note {
			writeFinding(&b, f)
		}
	}
	for _, f := range r.Findings {
		if f.Note {
			writeFinding(&b, f)
		}
	}
	if r.Stopped != "" {
		fmt.Fprintf(&b, "stopped at %s: the probes after it were not made\n", r.Stopped)
	}
	if r.Breaks() == 0 {
		fmt.Fprintf(&b, "checked %s: nothing breaks PEP 3333\n", counted(r.Probes, "probe"))
	}
	return b.String()
}

func writeFinding(b *strings.Builder, f highball.Finding) {
	kind := ""
	if f.Note {
		kind = "note: "
	}
	place := f.Where
	if place == "" {
		place = f.Layer
	}
	fmt.Fprintf(b, "%s: %s%s\n", place, kind, f.Problem)
	if f.Clause > 0 {
		writeField(b, fmt.Sprintf("clause %d", f.Clause), fmt.Sprintf("%s (PEP 3333, %q)", f.Says, f.Section))
	} else {
		writeField(b, "why", fmt.Sprintf("%s (%s)", f.Says, f.Section))
	}
	writeField(b, "what to do", f.Advice)
	seen := f.Probes[0]
	if n := len(f.Probes) - 1; n > 0 {
		seen += " and " + counted(n, "more probe")
	}
	if f.Layer != "the application" {
		seen += ", in the middleware " + f.Layer
	}
	writeField(b, "seen by", seen)
	b.WriteByte('\n')
}

// writeField writes "name  text" under a finding, the text in lines.
func writeField(b *strings.Builder, name, text string) {
	for _, line := range calltrace.Wrap(text, 84) {
		fmt.Fprintf(b, "    %-10s  %s\n", name, line)
		name = ""
	}
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// applicationLog writes to stderr, so that stdout is the verb's own.
func (p *program) applicationLog(v settings.Values) onlyApplication {
	level := logLevel(v.String("log-level"))
	return onlyApplication{obs.NewLogger(p.stderr, v.String("log-format"), level).Handler()}
}

// onlyApplication keeps what the application prints, and warnings.
type onlyApplication struct{ slog.Handler }

func (h onlyApplication) Handle(ctx context.Context, record slog.Record) error {
	keep := record.Level >= slog.LevelWarn
	record.Attrs(func(a slog.Attr) bool {
		keep = keep || a.Key == "stream"
		return true
	})
	if !keep {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}
