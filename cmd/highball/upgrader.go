//go:build !windows

package main

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// upgrader carries out SIGUSR2. It belongs to the goroutine that handles signals.
type upgrader struct {
	srv     server
	self    self
	place   *successor // nil: this process has taken nobody's place
	start   time.Duration
	margin  time.Duration // upgradeMargin, but in tests
	grace   time.Duration // upgradeGrace
	reports *reporter
	logger  *slog.Logger

	current *upgrade                // nil: none is in progress
	cancel  context.CancelCauseFunc // ends it
	results chan upgradeResult
	done    bool // a new process serves
}

type upgradeResult struct {
	sockets []string
	err     error
}

var errStopping = errors.New("the server was told to stop")

// begin starts a new process. What becomes of it comes through results.
func (u *upgrader) begin(stopping bool) {
	if why := u.refusal(stopping); why != "" {
		u.logger.Error("no upgrade: " + why)
		return
	}
	if err := u.srv.PreExec(); err != nil {
		u.failed(err)
		return
	}
	began, err := startUpgrade(u.srv, u.self)
	if err != nil {
		u.failed(err)
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	u.current, u.cancel, u.results = began, cancel, make(chan upgradeResult, 1)
	u.logger.Info("upgrade: a new process was started", "pid", began.process.Pid, "path", u.self.path)
	go func(results chan<- upgradeResult) {
		sockets, err := began.await(ctx, u.start, u.margin)
		if err != nil {
			began.abandon(u.grace)
		}
		results <- upgradeResult{sockets, err}
	}(u.results)
}

func (u *upgrader) refusal(stopping bool) string {
	switch {
	case u.self.pid == 1:
		return "this is the container's first process, and the container would end with it: replace the container instead"
	case u.current != nil:
		return "another upgrade is in progress"
	case u.done || stopping:
		return "this process is about to end"
	case !u.place.isAlone():
		return "this process has not taken over from the one before it yet"
	}
	select {
	case <-u.srv.Ready():
		return ""
	default:
		return "the server is not ready yet"
	}
}

// busy says whether an upgrade is in progress.
func (u *upgrader) busy() bool { return u.current != nil }

// settle deals with the end of an upgrade, and says whether this process is to drain:
// the new one serves, or it was to stop before.
func (u *upgrader) settle(result upgradeResult, stopping bool) bool {
	began := u.current
	u.current = nil
	u.cancel(nil)
	if result.err != nil && stopping {
		u.logger.Info("the upgrade is given up", "pid", began.process.Pid)
		return true
	}
	if result.err != nil {
		u.failed(result.err)
		return false
	}
	pid := began.process.Pid
	if err := u.srv.HandOver(result.sockets); err != nil { // `highball ctl stop` was sooner
		u.logger.Info("the upgrade is given up: "+err.Error(), "pid", pid)
		began.abandon(u.grace)
		return true
	}
	if err := u.reports.leave(pid); err != nil {
		u.logger.Warn("systemd does not know of the new process: "+err.Error(), "pid", pid)
	}
	began.letGo()
	u.done = true
	u.logger.Info("upgrade: the new process serves; this one finishes its requests", "pid", pid)
	return true
}

func (u *upgrader) failed(err error) {
	u.logger.Error("upgrade failed, this process serves on: " + err.Error())
}

// giveUp ends an upgrade that is in progress, in good order: results tells when that
// is done, or that the new process was ready before. It says whether there is one.
func (u *upgrader) giveUp() bool {
	if u.current == nil {
		return false
	}
	u.cancel(errStopping)
	return true
}

// discard ends an upgrade that is in progress, at once.
func (u *upgrader) discard() {
	if u.current != nil {
		_ = u.current.process.Kill()
	}
	u.end()
}

// end ends an upgrade that is in progress, in good order, whether or not the new
// process is ready. It returns when that has ended, which takes grace at most.
func (u *upgrader) end() {
	if u.current == nil {
		return
	}
	u.cancel(errStopping)
	if result := <-u.results; result.err == nil {
		u.current.abandon(u.grace)
	}
	u.current = nil
}
