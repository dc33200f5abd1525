package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options are the command's flags.
type options struct {
	rounds      int
	duration    time.Duration
	warmUp      time.Duration
	workers     int
	threads     int
	connections int
	size        int64
	starts      int
	venv        string
	python      string
	only        string
	json        bool
	peer        bool   // measure the other servers as well
	baseline    string // another binary of Highball
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{warmUp: 500 * time.Millisecond}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rounds, "rounds", 5, "rounds of each case; the table has their medians")
	f.DurationVar(&o.duration, "duration", 3*time.Second, "time of one round")
	f.IntVar(&o.workers, "workers", 2, "worker processes of each server")
	f.IntVar(&o.threads, "threads", 4, "threads of each worker")
	f.IntVar(&o.connections, "connections", 64, "keep-alive connections")
	f.Int64Var(&o.size, "size", 1<<30, "bytes of the large bodies")
	f.IntVar(&o.starts, "starts", 7, "starts that are timed")
	f.StringVar(&o.venv, "venv", "", "virtual environment with flask, gunicorn and what else is to be measured (default: .venv of the repository)")
	f.StringVar(&o.python, "python", "", "interpreter of the servers (default: that of --venv)")
	f.StringVar(&o.only, "only", "", "some of the cases, separated by commas: "+strings.Join(caseNames(), ", "))
	f.BoolVar(&o.json, "json", false, "print JSON, each round included")
	f.BoolVar(&o.peer, "peer", true, "measure the other servers as well")
	f.StringVar(&o.baseline, "baseline", "", "another binary of Highball, measured beside this one in a column of its own")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("no arguments are taken, only flags: %q", f.Args())
	}
	return o, o.check()
}

func (o *options) check() error {
	if o.rounds < 1 || o.workers < 1 || o.threads < 1 || o.connections < 1 || o.starts < 1 || o.duration <= 0 || o.size < 1<<16 {
		return errors.New("counts and times must be positive, --size at least 65536")
	}
	for _, name := range o.selected() {
		if !slices.Contains(caseNames(), name) {
			return fmt.Errorf("--only %s: want some of %s", o.only, strings.Join(caseNames(), ", "))
		}
	}
	return nil
}

// selected are the names of the cases to run.
func (o *options) selected() []string {
	if o.only == "" {
		return caseNames()
	}
	return strings.Split(o.only, ",")
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	// One processor for the load leaves the others to the servers.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b, err := prepare(ctx, o, stderr)
	if err != nil {
		return err
	}
	defer b.clean()
	r := report{Machine: b.machine(), Options: b.describe()}
	for _, c := range cases() {
		if !slices.Contains(o.selected(), c.name) {
			continue
		}
		fmt.Fprintf(stderr, "bench: %s\n", c.name)
		rows, err := c.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		r.Rows = append(r.Rows, rows...)
	}
	if o.json {
		return r.writeJSON(stdout)
	}
	return r.writeTable(stdout)
}
