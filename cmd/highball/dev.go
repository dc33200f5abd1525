//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"highball"
	"highball/internal/settings"
	"highball/internal/terminal"
)

// devFlags are those of dev alone.
type devFlags struct{ noDebugger, open, https bool }

func (p *program) devCommand() *cobra.Command {
	flags := &devFlags{}
	cmd := &cobra.Command{
		Use:   "dev [APP] [flags]",
		Short: "Serve an application while it is written",
		Long: "Serve the WSGI application APP for the one who writes it: in place of flask run --debug, manage.py runserver and run_simple.\n\n" +
			"A change of a file reloads; requests wait for the new code. A browser shows what goes wrong, with source and variables, " +
			"in Werkzeug's debugger where Werkzeug is installed and every address is one of loopback.\n\n" +
			"Of highball.toml only what says which application it is counts, unless --config names the file.",
		Example:               "  highball dev\n  highball dev app.py --open\n  highball dev mysite.wsgi --https --reload-extra 'conf/*.yaml'",
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs, // counted with the settings
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.dev(cmd, args, flags)
		},
	}
	cmd.Flags().BoolVar(&flags.noDebugger, "no-debugger", false, "never offer Werkzeug's debugger, only pages that show")
	cmd.Flags().BoolVar(&flags.open, "open", false, "open a browser when the server is ready")
	cmd.Flags().BoolVar(&flags.https, "https", false, "serve https with a local certificate, as --local-https")
	own := cmd.LocalFlags().FlagUsages()
	table := settingsTable() // but for --https, which has no names here
	table.Settings = slices.DeleteFunc(table.Settings, func(s settings.Setting) bool { return s.Name == "https" })
	table.AddFlags(cmd.Flags())
	cmd.SetUsageFunc(func(asked *cobra.Command) error {
		_, err := fmt.Fprintf(asked.OutOrStderr(), "Usage:\n  %s\n\nOptions:\n%s\n%s", asked.UseLine(), own, table.Help())
		return err
	})
	return cmd
}

func (p *program) dev(cmd *cobra.Command, args []string, flags *devFlags) error {
	values, err := p.devSettings(cmd, args, flags)
	if err != nil {
		return err
	}
	defer terminal.Keep(os.Stdin)() // a debugger may be ended in the middle of a line
	console := &devConsole{program: p, flags: flags}
	err = p.launch(cmd, values, manner{
		dress: console.dress, quick: console.end, adjust: console.adjust, begun: console.begun,
	})
	return console.explain(err, values)
}

// devConsole is the terminal side of dev.
type devConsole struct {
	program *program
	flags   *devFlags
	log     *devLog // nil: the logs are for programs
	logger  *slog.Logger
	url     string
}

// dress gives the logs the form of a terminal, unless they are for programs.
func (c *devConsole) dress(values settings.Values, opened *logs) {
	c.logger = opened.server
	if values.String("log-format") != "text" {
		return
	}
	c.log = &devLog{out: c.program.stderr, level: logLevel(values.String("log-level")), colour: c.colours()}
	opened.server = slog.New(c.log)
	c.logger = opened.server
	if values.String("access-log") == "-" {
		opened.access = slog.New(devAccess{c.log})
	}
}

// colours are for terminals whose user has not refused them (no-color.org).
func (c *devConsole) colours() bool {
	f, ok := c.program.stderr.(*os.File)
	env := getenv(c.program.environ)
	return ok && terminal.Is(f) && env("NO_COLOR") == "" && env("TERM") != "dumb"
}

func (c *devConsole) adjust(cfg *highball.Config) {
	c.url = urlOf(cfg)
	cfg.Preload = false // what was imported before a fork stays as it was
	cfg.Development = &highball.Development{
		Debugger: !c.flags.noDebugger, Terminal: terminal.Is(os.Stdin) && terminal.Is(os.Stdout),
	}
}

// end is called at the signal that ends the server.
func (c *devConsole) end() {
	if c.log != nil {
		c.log.hush()
	}
}

// begun is called when the server is.
func (c *devConsole) begun(ctx context.Context, srv server) {
	if !c.flags.open {
		return
	}
	select {
	case <-srv.Ready():
		if err := openBrowser(srv, c.url, c.program.environ); err != nil {
			c.logger.Warn("no browser was opened: " + err.Error())
		}
	case <-ctx.Done():
	}
}

// explain adds to an error what to do about an address that is taken.
func (c *devConsole) explain(err error, values settings.Values) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	for _, text := range values.List("bind") {
		if free := nextFree(text); free != "" {
			return fmt.Errorf("%w; %s is free", err, free)
		}
	}
	return err
}

// nextFree is the address after one that is taken on which nobody listens.
func nextFree(taken string) string {
	host, port, err := net.SplitHostPort(taken)
	first, numberErr := strconv.Atoi(port)
	if err != nil || numberErr != nil {
		return ""
	}
	for next := first + 1; next <= first+50 && next <= 65535; next++ {
		address := net.JoinHostPort(host, strconv.Itoa(next))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	return ""
}

// drainDev is how long requests may run on in old code.
const drainDev = 3 * time.Second

// devSettings are the settings with other defaults.
func (p *program) devSettings(cmd *cobra.Command, args []string, flags *devFlags) (settings.Values, error) {
	values, err := p.loadSettings(cmd, args)
	if err != nil {
		return values, err
	}
	if values.String("config") == "" {
		if values, err = p.withoutServing(cmd, args, values); err != nil {
			return values, err
		}
	}
	const source = "highball dev"
	for name, content := range map[string]any{
		"workers": 1, "validate": true, "app-static": "dev", "reload-on-change": true, "access-log": "-", "drain-timeout": drainDev,
		"request-timeout": time.Duration(0), "queue-timeout": time.Duration(0), // a debugger may wait for its user
	} {
		if values.Source(name) == settings.SourceDefault {
			values = values.With(name, content, source)
		}
	}
	if flags.https {
		values = values.With("local-https", true, "flag --https")
	}
	return values, nil
}

// withoutServing has of the settings file only what says which application it is: the
// addresses, users and processes of its deployment are for no developer's machine.
func (p *program) withoutServing(cmd *cobra.Command, args []string, all settings.Values) (settings.Values, error) {
	table := settingsTable()
	plain, err := table.Resolve(settings.Sources{Flags: cmd.Flags(), Args: args, Environ: p.environ})
	if err != nil {
		return plain, usageError{err, cmd.CommandPath()}
	}
	for _, s := range table.Settings {
		if s.Group == appGroup {
			plain = plain.From(all, s.Name)
		}
	}
	return plain, nil
}
