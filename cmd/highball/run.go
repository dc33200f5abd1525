//go:build !windows

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"highball"
	"highball/internal/daemon"
	"highball/internal/settings"
)

func (p *program) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [APP] [flags]",
		Short: "Serve an application",
		Long: "Serve the WSGI application APP, \"module:attribute\" or one of the forms that docs/CONFIG.md lists. " +
			"Without APP the current directory is searched for a Django or Flask project.\n\n" +
			"SIGTERM or SIGINT lets requests in progress finish for drain-timeout; a second one, or SIGQUIT, stops at once. " +
			"SIGHUP reloads the code. SIGUSR2 has the program, as it is on disk now, take over the sockets without a break.\n\n" +
			"TIME is seconds, or 500ms, 30s, 1m30s; SIZE is bytes, or 64KiB, 512M, 2GiB. docs/CONFIG.md has the reason for each default.",
		Example:               "  highball run mysite.wsgi --bind :8000 --workers 4",
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs, // counted with the settings
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.run(cmd, args)
		},
	}
	addSettings(cmd)
	return cmd
}

func (p *program) run(cmd *cobra.Command, args []string) error {
	values, err := p.loadSettings(cmd, args)
	if err != nil {
		return err
	}
	return p.launch(cmd, values, manner{})
}

// manner is what a verb that serves has its own way in, and no setting is there for.
type manner struct {
	// adjust, if set, has the last word on what package highball gets.
	adjust func(*highball.Config)

	// dress, if set, changes the logs.
	dress func(values settings.Values, opened *logs)

	// dashes has an atom of access-log-format that nobody knows be a dash, and the log
	// say so, in the place of an error.
	dashes bool

	// quickStop has SIGINT and SIGQUIT stop the server at once, and end in order: exit
	// code 0.
	quickStop bool

	// winchForDaemons has SIGWINCH ignored where the server is no daemon.
	winchForDaemons bool

	// begun, if set, runs beside the server.
	begun func(ctx context.Context, srv server)

	// quick, if set, is called at the first signal, which then ends the server and does
	// not wait for its requests.
	quick func()
}

// launch serves by these settings until the server ends.
func (p *program) launch(cmd *cobra.Command, values settings.Values, manner manner) error {
	place, err := newSuccessor(p.environ)
	if err != nil {
		return err
	}
	self, err := findSelf(os.Args, p.environ)
	if err != nil {
		return err
	}
	if wantsDaemon(values, place, p.environ) {
		if err := daemonRefusal(values, p.environ, self.pid); err != nil {
			return refused(cmd, err)
		}
		return p.daemonize(self)
	}
	privileges, err := readPrivileges(values)
	if err != nil {
		return refused(cmd, err)
	}
	privileges.begin()
	logs, err := p.openAllLogs(cmd, values, manner)
	if err != nil {
		return err
	}
	defer logs.close()
	if manner.dress != nil {
		manner.dress(values, &logs)
	}
	as, err := newPresence(values, place, p.environ, logs)
	if err != nil {
		return err
	}
	limitProcessors(p.environ)
	daemon.Name(values.String("proc-name"))
	cfg := serverConfig(values, logs)
	touched, err := watchFiles(values, cfg.Apps)
	if err != nil {
		return refused(cmd, err)
	}
	cfg.Control = privileges.controlPath(cfg.Control, p.environ, logs.server)
	cfg.ACME.Dir = privileges.acmeDir(cfg, p.environ)
	cfg.BeforeWorkers = func() error { return privileges.giveUp(as, cfg.Control, cfg.ACME.Dir) }
	if cfg.Sockets, err = place.openSockets(values, p.environ); err != nil {
		return err
	}
	cfg.Bind = bindsFor(values, cfg.Sockets)
	if manner.adjust != nil {
		manner.adjust(&cfg)
	}
	place.tellLimit(startTimeout(cfg))
	srv, err := p.newServer(cfg)
	if err != nil {
		return refused(cmd, err)
	}
	if manner.begun != nil {
		ctx, cancel := context.WithCancel(cmd.Context())
		defer cancel()
		go manner.begun(ctx, srv)
	}
	err = p.serve(cmd.Context(), srv, as, manner, touched, &upgrader{
		srv: srv, self: self, place: place, start: startTimeout(cfg), margin: upgradeMargin, grace: upgradeGrace,
		reports: newReporter(srv, p.environ, logs.server), logger: logs.server,
	})
	logs.ends(err)
	return err
}

// serve runs srv until it ends by itself or is told to by a signal. The first
// that stops drains, the second closes; after that signals have their usual
// effect, so that a third ends a process that cannot even close.
func (p *program) serve(ctx context.Context, srv server, as *presence, manner manner, touched []*touched, up *upgrader) error {
	logger := as.logs.server
	commands := &commands{
		srv: srv, presence: as, reports: up.reports, logger: logger, noWinch: noWinch(os.Stdin, manner, as.detached),
	}
	defer func() { as.end(up.done) }()
	ctx, drain := context.WithCancel(ctx)
	defer drain()
	signals, stop := p.signals()
	defer stop()
	defer up.discard()

	reporting, stopReports := context.WithCancel(context.WithoutCancel(ctx))
	defer stopReports()
	go up.reports.run(reporting, up.place)
	go as.run(reporting, srv, up.place)
	go as.logs.gauge(reporting, srv)
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	for _, t := range touched {
		go commands.reloadWhenTouched(ctx, t)
	}
	go up.place.takeOver(ctx, srv, logger)

	var first time.Time
	var said sync.WaitGroup
	defer func() { waitAtMost(&said, logGrace) }()
	for {
		select {
		case err := <-ended:
			up.end() // `highball ctl stop` says nothing of it
			return err
		case result := <-up.results:
			if up.settle(result, !first.IsZero()) {
				drain()
			}
		case sig := <-signals:
			switch {
			case sig == syscall.SIGUSR2:
				up.begin(!first.IsZero())
			case sig == syscall.SIGHUP && up.busy():
				up.reports.reloading()
				logger.Error("no reload: an upgrade is in progress, which starts with the code as it is now")
				up.reports.reloaded(nil)
			case commands.obey(ctx, sig):
			case manner.quickStop && (sig == syscall.SIGQUIT || sig == os.Interrupt):
				stop()
				up.discard()
				_ = closeNow(srv, ended, sig, logger) // as asked
				return nil
			case sig == syscall.SIGQUIT:
				stop()
				up.discard()
				return closeNow(srv, ended, sig, logger)
			case first.IsZero() && manner.quick != nil:
				manner.quick()
				up.reports.isStopping()
				drain()
				return endSoon(srv, ended)
			case first.IsZero():
				first = time.Now()
				up.reports.isStopping()
				if !up.giveUp() {
					drain()
				}
				// Not in this loop: a log that nobody reads would hold it up.
				said.Go(func() {
					logger.Info("stopping: requests in progress may finish; the next signal stops at once",
						slog.String("signal", sig.String()))
				})
			case time.Since(first) >= sameSignal:
				stop()
				up.discard()
				return closeNow(srv, ended, sig, logger)
			}
		}
	}
}

// sameSignal is how long after the first a signal is taken for the same one:
// whoever signals the process and then its group (timeout(1) does) means one.
const sameSignal = 300 * time.Millisecond

// logGrace is how long a last line may take to be written.
const logGrace = time.Second

func waitAtMost(wg *sync.WaitGroup, limit time.Duration) {
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

var errCutShort = errors.New("a signal had the server stop at once: requests in progress were lost")

// closeNow ends srv without waiting for its requests.
func closeNow(srv server, ended <-chan error, sig os.Signal, logger *slog.Logger) error {
	logger.Warn("stopping at once", slog.String("signal", sig.String()))
	closing := srv.Close()
	// What Run says now follows from Close; the operator knows the cause.
	<-ended
	return errors.Join(errCutShort, closing)
}

// quickGrace is what those have to end who do nothing.
const quickGrace = 300 * time.Millisecond

// endSoon is closeNow for whom that is the usual end: of a drain that has begun.
func endSoon(srv server, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(quickGrace):
	}
	closing := srv.Close()
	return errors.Join(<-ended, closing)
}

// limitProcessors has the front use half of the processors, unless the operator
// chose a number with GOMAXPROCS. The other half is the workers': most of what
// the front costs beyond its system calls is waking goroutines on other
// processors, so that more of them make each request dearer.
func limitProcessors(environ []string) {
	chosen := slices.ContainsFunc(environ, func(entry string) bool {
		value, ok := strings.CutPrefix(entry, "GOMAXPROCS=")
		return ok && value != ""
	})
	if chosen {
		return
	}
	runtime.SetDefaultGOMAXPROCS() // the CPUs by affinity and cgroup quota
	runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2))
}
