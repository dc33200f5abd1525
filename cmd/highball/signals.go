//go:build !windows

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"highball"
	"highball/internal/terminal"
)

// The signals, with the meaning that gunicorn gives them. SIGINT drains, where
// gunicorn's quits: Ctrl-C is to lose no request either.
var known = []os.Signal{
	os.Interrupt, syscall.SIGTERM, // drain
	syscall.SIGQUIT,  // stop at once
	syscall.SIGHUP,   // reload
	syscall.SIGUSR1,  // open the logs again
	syscall.SIGUSR2,  // a new process takes the place of this one
	syscall.SIGTTIN,  // one worker more
	syscall.SIGTTOU,  // one worker less
	syscall.SIGWINCH, // no workers, unless a terminal has changed its size
}

func subscribe() (<-chan os.Signal, func()) {
	received := make(chan os.Signal, 8)
	signal.Notify(received, known...)
	return received, func() { signal.Stop(received) }
}

// commands carries out the signals that do not stop the server.
type commands struct {
	srv      server
	presence *presence
	reports  *reporter
	logger   *slog.Logger
	noWinch  string // why SIGWINCH takes no workers away; "": it does
	workers  int    // as there were before SIGWINCH took them away

	reloadWaits atomic.Bool // for the end of another
}

// obey reports whether sig was such a signal. It does not wait for what takes long.
func (c *commands) obey(ctx context.Context, sig os.Signal) bool {
	switch sig {
	case syscall.SIGHUP:
		if c.workers > 0 {
			c.scale(c.workers)
			c.workers = 0
		}
		c.reports.reloading() // who sent it waits for that
		go func() { c.reports.reloaded(c.reload(ctx)) }()
	case syscall.SIGUSR1:
		c.presence.reopen()
	case syscall.SIGTTIN:
		c.scale(c.srv.Workers() + 1)
	case syscall.SIGTTOU:
		c.scale(max(1, c.srv.Workers()-1))
	case syscall.SIGWINCH:
		switch n := c.srv.Workers(); {
		case c.noWinch != "":
			c.logger.Debug("SIGWINCH is ignored: " + c.noWinch)
		case n > 0:
			c.workers = n
			c.scale(0)
		}
	default:
		return false
	}
	return true
}

// reload has one that is asked for while another is in progress follow it: the other
// may have read the code before it was changed. The log has the errors.
func (c *commands) reload(ctx context.Context) error {
	ticker := time.NewTicker(reloadLook)
	defer ticker.Stop()
	for {
		err := c.srv.Reload(ctx)
		if !errors.Is(err, highball.ErrReloading) {
			return err
		}
		if c.reloadWaits.Swap(true) {
			return nil // the one that waits takes the code as it is then
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		c.reloadWaits.Store(false)
	}
}

// reloadLook is how often a reload that waits is tried.
const reloadLook = 100 * time.Millisecond

func (c *commands) scale(n int) {
	if err := c.srv.Scale(n); err != nil {
		c.logger.Error("the number of workers stays: " + err.Error())
	}
}

// noWinch is why SIGWINCH is not taken for an order, if there is a reason.
func noWinch(stdin *os.File, manner manner, detached bool) string {
	switch {
	case terminal.Is(stdin):
		return "a terminal sends it when its size changes"
	case manner.winchForDaemons && !detached:
		return "this is no daemon"
	}
	return ""
}
