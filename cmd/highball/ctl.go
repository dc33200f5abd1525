//go:build !windows

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"highball/internal/control"
)

// controlVariable names the socket where the flag does not.
const controlVariable = "HIGHBALL_CONTROL"

// ctl is what the verbs below ctl share.
type ctl struct {
	p       *program
	control string
	json    bool
}

func (p *program) ctlCommand() *cobra.Command {
	c := &ctl{p: p}
	cmd := &cobra.Command{
		Use:   "ctl COMMAND [flags]",
		Short: "Ask and tell a running server",
		Long: "Ask a running server how it is and what it does, and tell it to reload, scale or stop. The answers come from " +
			"the front, so they come while every Python thread is stuck.\n\n" +
			"The server is the only one that runs as this user; if there are several, name the control socket of one.\n" +
			"The exit code is 0 when the server has done it, 1 when not, 2 for a mistake in the command line.",
		Example:               "  highball ctl status\n  highball ctl requests --json\n  highball ctl scale 8 --control /run/shop/control.sock",
		DisableFlagsInUseLine: true,

		SuggestionsMinimumDistance: 2,

		Args: noVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	shared := cmd.PersistentFlags()
	shared.StringVar(&c.control, "control", "", "the server's control `SOCKET` (found by itself; variable "+controlVariable+")")
	shared.BoolVar(&c.json, "json", false, "print JSON")
	cmd.AddCommand(
		c.question("status", "Print how the server is", func(ctx context.Context, client *control.Client) (any, error) {
			return client.Status(ctx)
		}),
		c.question("workers", "List the Python processes", func(ctx context.Context, client *control.Client) (any, error) {
			return client.Workers(ctx)
		}),
		c.question("requests", "List the requests in flight, each with its Python stack", func(ctx context.Context, client *control.Client) (any, error) {
			return client.Requests(ctx)
		}),
		c.question("stacks", "Print the Python stacks of all threads", func(ctx context.Context, client *control.Client) (any, error) {
			return client.Stacks(ctx)
		}),
		c.readiness(),
		c.reload(),
		c.scale(),
		c.orderWith("recycle WORKER", "Replace a worker: another is ready before it leaves",
			"WORKER is a number that `highball ctl workers` lists. The command returns when another worker has its place.",
			"worker %d is replaced", (*control.Client).Recycle),
		c.orderWith("drain WORKER", "Let a worker finish and end; then another is started",
			"WORKER is a number that `highball ctl workers` lists. The command returns when it gets no more requests.",
			"worker %d gets no more requests, and ends when it has finished those that it has", (*control.Client).Drain),
		c.order("stop", "Stop the server as SIGTERM does",
			"Requests in progress may finish within drain-timeout. The command does not wait for that.",
			"the server stops", (*control.Client).Stop),
	)
	return cmd
}

// question is a verb that prints a document of the server.
func (c *ctl) question(name, short string, ask func(context.Context, *control.Client) (any, error)) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: noArgs, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(ctx context.Context, client *control.Client) error {
				document, err := ask(ctx, client)
				if err != nil {
					return err
				}
				if c.json {
					return writeJSON(c.p.stdout, document)
				}
				_, err = io.WriteString(c.p.stdout, ctlText(document, time.Now()))
				return err
			})
		},
	}
}

// readiness is a verb whose exit code is the answer, for probes.
func (c *ctl) readiness() *cobra.Command {
	return &cobra.Command{
		Use: "ready", Short: "Say by the exit code whether the server is ready", Args: noArgs, DisableFlagsInUseLine: true,
		Long: "Say by the exit code whether the server is ready for requests: it is not while it starts, while it drains or is about to " +
			"(shutdown-delay), and while no worker takes requests.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(ctx context.Context, client *control.Client) error {
				status, err := client.Status(ctx)
				if err != nil {
					return err
				}
				if status.Ready() {
					return c.done("ready")
				}
				return fmt.Errorf("not ready: the server is %s; workers: %s", status.State, cmp.Or(workersSummary(status.Workers), "none"))
			})
		},
	}
}

// order is a verb that tells the server to do something.
func (c *ctl) order(name, short, long, done string, tell func(*control.Client, context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Long: short + ".\n\n" + long, Args: noArgs, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd, func(ctx context.Context, client *control.Client) error {
				if err := tell(client, ctx); err != nil {
					return err
				}
				return c.done(done)
			})
		},
	}
}

// orderWith is an order that takes a number; done is a format for it.
func (c *ctl) orderWith(use, short, long, done string, tell func(*control.Client, context.Context, int) error) *cobra.Command {
	cmd := c.order(use, short, long, "", nil)
	what := strings.Fields(use)[1]
	var n int
	cmd.Args = func(cmd *cobra.Command, args []string) (err error) {
		n, err = oneNumber(what, args)
		if err != nil {
			return usageError{err, cmd.CommandPath()}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return c.with(cmd, func(ctx context.Context, client *control.Client) error {
			if err := tell(client, ctx, n); err != nil {
				return err
			}
			return c.done(fmt.Sprintf(done, n))
		})
	}
	return cmd
}

func oneNumber(what string, args []string) (int, error) {
	if len(args) == 0 {
		return 0, fmt.Errorf("%s is missing", what)
	}
	if len(args) > 1 {
		return 0, fmt.Errorf("unexpected argument %q", args[1])
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q is not a whole number of at least 0", what, args[0])
	}
	return n, nil
}

// done says that an order was carried out.
func (c *ctl) done(text string) error {
	if c.json {
		return writeJSON(c.p.stdout, map[string]bool{"ok": true})
	}
	_, err := fmt.Fprintln(c.p.stdout, text)
	return err
}

// errInterrupted is why a command ends without its answer.
var errInterrupted = errors.New("interrupted before the server had answered: 'highball ctl status' tells how it is")

// with calls do with a client for the server that is meant. A signal, Ctrl-C,
// ends it. With --json a failure is a document as well.
func (c *ctl) with(cmd *cobra.Command, do func(context.Context, *control.Client) error) error {
	ctx, interrupt := context.WithCancelCause(cmd.Context())
	defer interrupt(nil)
	signals, stop := c.p.signals()
	defer stop()
	go func() {
		select {
		case <-signals:
			interrupt(errInterrupted)
		case <-ctx.Done():
		}
	}()
	path, err := c.socket(ctx)
	if err == nil {
		err = do(ctx, control.Dial(path))
	}
	if err == nil {
		return nil
	}
	if c.json {
		err = errors.Join(err, writeJSON(c.p.stdout, map[string]string{"error": err.Error()}))
	}
	return printableError{err}
}

// printableError is one whose text may have come from the application: what it
// says reaches a terminal as text only.
type printableError struct{ error }

func (e printableError) Error() string { return printable(e.error.Error()) }
func (e printableError) Unwrap() error { return e.error }

// socket is the path of the server's control socket.
func (c *ctl) socket(ctx context.Context) (string, error) {
	if c.control != "" {
		return c.control, nil
	}
	lookUp := getenv(c.p.environ)
	if path := lookUp(controlVariable); path != "" {
		return path, nil
	}
	return control.Find(ctx, lookUp)
}
