//go:build !windows

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"highball"
	"highball/internal/gunicorn"
	"highball/internal/interp"
	"highball/internal/settings"
)

const gunicornName = "gunicorn"

func (p *program) gunicornCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "gunicorn [OPTIONS] [APP_MODULE]",
		Short: "Serve as gunicorn would, by its command line and its file",
		Long: "Take the command line, the variables and the file of gunicorn " + gunicorn.Version + ", and serve. A link to this program that is called gunicorn does the same.\n\n" +
			"docs/MIGRATING.md says what each setting comes to. Settings of Highball's that gunicorn has none for are given by HIGHBALL_ variables or in highball.toml.",
		Example:               "  highball gunicorn -c gunicorn.conf.py mysite.wsgi -w 4",
		DisableFlagParsing:    true,
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, args []string) error { return gunicornExit(p.gunicorn(cmd, args)) },
	}
}

func (p *program) gunicorn(cmd *cobra.Command, args []string) error {
	python := &gunicornPython{program: p}
	cfg, err := p.readGunicorn(cmd.Context(), args, python)
	switch {
	case errors.Is(err, gunicorn.ErrHelp):
		_, err = fmt.Fprintf(p.stdout, "%s\n\nUsage:\n  %s\n\n%s", cmd.Long, cmd.UseLine(), gunicorn.Help())
		return err
	case errors.Is(err, gunicorn.ErrVersion):
		_, err = fmt.Fprintf(p.stdout, "%s, with the command line of gunicorn %s\n", version(), gunicorn.Version)
		return err
	case err != nil:
		return err
	}
	translated := cfg.Translate()
	if err := errors.Join(translated.Refusals()...); err != nil {
		return codedError{err, exitFailure}
	}
	if python.found != "" {
		translated.Give("the interpreter of "+cfg.File, "python", python.found)
	}
	values, err := p.foreignSettings(&translated, gunicorn.PlaceDefault)
	if err != nil {
		return codedError{err, exitFailure}
	}
	if cfg.PrintsConfig() {
		if _, err := io.WriteString(p.stdout, cfg.Print()); err != nil {
			return err
		}
	}
	if cfg.Check() {
		for _, remark := range cfg.Remarks {
			fmt.Fprintln(p.stderr, remark)
		}
		_, _ = io.WriteString(p.stderr, foreignList(translated.Left))
		return p.loadOnly(cmd.Context(), values)
	}
	err = p.launch(cmd, values, manner{quickStop: true, winchForDaemons: true, dashes: true, adjust: func(c *highball.Config) {
		c.HookSettings = cfg.Values()
		for _, remark := range cfg.Remarks {
			c.Logger.Warn(remark)
		}
		sayLeft(c.Logger, translated.Left)
	}})
	if values.Bool("preload") {
		err = preloadExit(err)
	}
	return placed(err, translated.Given)
}

// readGunicorn reads the configuration, and whether there is an application in it.
func (p *program) readGunicorn(ctx context.Context, args []string, python *gunicornPython) (*gunicorn.Config, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	environ := environMap(p.environ)
	ctx, stop := untilSignal(ctx)
	defer stop()
	cfg, err := gunicorn.Load(ctx, gunicorn.Options{Args: args, Environ: environ, Dir: dir, Python: python.find})
	switch {
	case errors.Is(err, gunicorn.ErrHelp), errors.Is(err, gunicorn.ErrVersion):
		return nil, err
	case ctx.Err() != nil: // as it is when the application is loaded
		fmt.Fprintln(p.stderr, "highball: a signal ended the start while the file was read")
		return nil, errCutShort
	case err != nil:
		return nil, codedError{err, exitFailure}
	case !cfg.HasApp():
		return nil, codedError{errors.New("no application is named: write it behind the flags, as in 'gunicorn -w 4 shop.wsgi:application'"), exitFailure}
	}
	// An upgrade passes sockets on by the names that they had.
	given := environ["LISTEN_PID"] == strconv.Itoa(os.Getpid()) && environ["LISTEN_FDS"] != ""
	cfg.Systemd = given || strings.Contains(environ[handoverVariable], `"systemd:`)
	return cfg, nil
}

// untilSignal is for the time in which a file is evaluated: what does that ends with us.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
}

// gunicornPython finds the interpreter of a configuration file, which is the application's.
type gunicornPython struct {
	*program
	found string // "" if the application might have another, or finds the same anyway
}

func (p *gunicornPython) find(dir string) (gunicorn.Interpreter, error) {
	ours, _ := settingsTable().Resolve(settings.Sources{Environ: p.environ})
	found, err := interp.Find(interp.Options{Python: cmp.Or(ours.String("python"), p.ourVirtualenv()), AppDir: dir, Environ: p.environ})
	if err != nil {
		return gunicorn.Interpreter{}, err
	}
	if !strings.HasSuffix(found.Source, "on PATH") && found.Source != "$VIRTUAL_ENV" {
		p.found = found.Path
	}
	return gunicorn.Interpreter{Path: found.Path, Environ: p.environ, Stderr: p.stderr, Timeout: ours.Duration("start-timeout")}, nil
}

// loadOnly is what --check-config does.
func (p *program) loadOnly(ctx context.Context, values settings.Values) error {
	logger := slog.New(p.applicationLog(values))
	_, err := highball.Load(ctx, serverConfig(values, logs{server: logger}))
	if err != nil {
		return codedError{err, exitFailure}
	}
	return nil
}

// gunicornExit gives an error the exit code that gunicorn has for the like.
func gunicornExit(err error) error {
	var usage usageError
	var load *highball.LoadError
	var coded codedError
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.Is(err, errCutShort): // the log has it, and it was asked for
		return nil
	case errors.As(err, &usage):
		return codedError{usage.err, exitFailure}
	case errors.As(err, &load) && load.Hook != "":
		return codedError{err, hookExit(load.Hook)}
	case errors.As(err, &load) && load.Traceback == "" && !isNoModule(load):
		return codedError{err, exitNoApp}
	case errors.As(err, &load):
		return codedError{err, exitApp}
	}
	return err
}

// preloadExit is for an application that gunicorn's master loads itself: whatever it cannot
// load, its exit code is that of every other mistake.
func preloadExit(err error) error {
	var load *highball.LoadError
	if errors.As(err, &load) && load.Hook == "" {
		return codedError{err, exitFailure}
	}
	return err
}

// hookExit is how gunicorn ends where this hook raises at the start: its master does so
// itself, unless it is a worker that cannot boot.
func hookExit(hook string) int {
	switch hook {
	case "pre_fork":
		return exitPreFork
	case "post_fork", "post_worker_init":
		return exitApp
	}
	return exitFailure
}

// isNoModule says whether files were looked for, and not a name in one.
func isNoModule(load *highball.LoadError) bool {
	return len(load.Tried) > 0 && !strings.Contains(load.Tried[0], ":")
}

func environMap(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			m[name] = value
		}
	}
	return m
}
