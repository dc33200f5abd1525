//go:build !windows

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"highball"
	"highball/internal/migrate"
	"highball/internal/settings"
	"highball/internal/uwsgiconf"
)

func (p *program) uwsgiCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "uwsgi [OPTIONS] [FILE]",
		Short: "Serve as uWSGI would, by its own options and files",
		Long: "Serve what uWSGI would with the same command line: its options, its ini, YAML and JSON files and its variables UWSGI_*. " +
			"docs/MIGRATING-UWSGI.md says of each option what becomes of it. A link to highball that is named uwsgi does the same.\n\n" +
			"SIGTERM and SIGINT stop, with or without die-on-term; SIGHUP reloads.",
		Example:               "  highball uwsgi --ini app.ini\n  highball uwsgi --http :8000 --module mysite.wsgi --processes 4 --master",
		DisableFlagParsing:    true,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
				return cmd.Help()
			}
			if slices.Equal(args, []string{"--version"}) {
				_, err := fmt.Fprintf(p.stdout, "%s, with the options of uWSGI %s\n", version(), uwsgiconf.Version)
				return err
			}
			return p.uwsgi(cmd, args)
		},
	}
}

// foreign is for mistakes in what was written for another server.
func foreign(errs ...error) error { return codedError{errors.Join(errs...), exitFailure} }

func (p *program) uwsgi(cmd *cobra.Command, args []string) error {
	sys, err := p.uwsgiSystem()
	if err != nil {
		return err
	}
	conf, err := uwsgiconf.Read(args, sys)
	if err != nil {
		return foreign(err)
	}
	tr := uwsgiconf.Translate(conf, sys)
	if errs := tr.Refusals(); len(errs) > 0 {
		return foreign(errs...)
	}
	values, err := p.given(tr)
	if err != nil {
		return foreign(err)
	}
	if err := uwsgiconf.CheckComplete(tr, sys); err != nil {
		return foreign(err)
	}
	p.sayLeft(tr)
	err = p.launch(cmd, values, manner{adjust: func(cfg *highball.Config) {
		cfg.UWSGI = conf.Options()
		leaveMissingFiles(cfg)
	}})
	return uwsgiExit(placed(err, tr.Given))
}

// leaveMissingFiles takes out static files that are not there: uWSGI starts without them.
func leaveMissingFiles(cfg *highball.Config) {
	cfg.Static = slices.DeleteFunc(cfg.Static, func(entry string) bool {
		_, dir, _ := strings.Cut(entry, "=")
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(cfg.Dir, dir)
		}
		_, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			cfg.Logger.Warn("static files that are not there are not served: restart when they are", "static", entry)
		}
		return errors.Is(err, fs.ErrNotExist)
	})
}

// uwsgiExit gives an error the exit code that uWSGI has for the like.
func uwsgiExit(err error) error {
	var usage usageError
	var load *highball.LoadError
	switch {
	case errors.As(err, &usage):
		return foreign(settings.Errors(usage.err)...)
	case errors.As(err, &load):
		return codedError{err, exitNeedApp}
	case errors.Is(err, errCutShort): // as uWSGI ends: the log has it, and it was asked for
		return nil
	}
	return err
}

// given resolves a translation.
func (p *program) given(tr migrate.Translation) (settings.Values, error) {
	return settingsTable().Resolve(settings.Sources{Given: tr.Given, Environ: p.environ})
}

// sayLeft names in one line what has no effect, and each that may be a slip in its own.
func (p *program) sayLeft(tr migrate.Translation) {
	var names []string
	for _, l := range tr.Left {
		if l.Unknown {
			fmt.Fprintf(p.stderr, "highball: %v\n", l)
		} else if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(p.stderr, "highball: without effect here: %s ('highball config convert' says why)\n", strings.Join(names, ", "))
	}
}

// uwsgiSystem is what a uWSGI configuration may ask of this machine and process.
func (p *program) uwsgiSystem() (uwsgiconf.System, error) {
	dir, err := os.Getwd()
	if err != nil {
		return uwsgiconf.System{}, err
	}
	hostname, _ := os.Hostname()
	program, _ := os.Executable()
	now := time.Now()
	sys := uwsgiconf.System{
		Dir: dir, Program: program, Environ: p.environ, Hostname: hostname, CPUs: runtime.NumCPU(),
		Seconds: now.Unix(), Microseconds: now.UnixMicro(), UID: os.Getuid(), GID: os.Getgid(),
	}
	if u, err := user.LookupId(strconv.Itoa(sys.UID)); err == nil {
		sys.User = u.Username
	}
	if g, err := user.LookupGroupId(strconv.Itoa(sys.GID)); err == nil {
		sys.Group = g.Name
	}
	return sys, nil
}
