//go:build !windows

package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"highball"
	"highball/internal/notify"
)

const (
	// reportEvery is how often the status is looked at.
	reportEvery = 5 * time.Second

	// moreTime is what is asked for at a time while something takes long.
	moreTime = 4 * reportEvery
)

// reporter tells systemd how the service is: the main process alone does.
type reporter struct {
	manager  notify.Manager
	srv      server
	watchdog time.Duration // 0: nobody wants to hear
	every    time.Duration
	logger   *slog.Logger

	mu       sync.Mutex
	main     bool   // systemd takes this process for the main one
	ready    bool   // it was told so
	stopping bool   // likewise
	reloads  int    // in progress
	failed   bool   // the last of them
	said     string // the status
	silent   bool   // a message was not taken, and the log has been told
}

func newReporter(srv server, environ []string, logger *slog.Logger) *reporter {
	r := &reporter{
		manager: notify.Manager(getenv(environ)("NOTIFY_SOCKET")), srv: srv, every: reportEvery, logger: logger,
		watchdog: notify.Watchdog(getenv(environ)),
	}
	if r.watchdog > 0 {
		r.every = min(r.every, r.watchdog/2)
	}
	return r
}

// run reports until ctx ends. A process that takes another's place begins when that
// has let go, and so has told systemd of it.
func (r *reporter) run(ctx context.Context, place *successor) {
	if r.manager == "" {
		return
	}
	if place != nil {
		select {
		case <-place.alone:
		case <-ctx.Done():
			return
		}
	}
	r.begin()
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	ready := r.srv.Ready()
	for {
		r.look(ctx)
		select {
		case <-ready:
			ready = nil
			r.isReady()
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *reporter) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.main = true
}

// isReady: it serves. Workers that are still to come do not keep others waiting.
func (r *reporter) isReady() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = true
	if r.reloads == 0 && !r.stopping {
		r.send(notify.Ready)
	}
}

// look tells what has changed, and that the server is well if it answers in time.
func (r *reporter) look(ctx context.Context) {
	answer := make(chan highball.Health, 1)
	go func() { answer <- r.srv.Health() }()
	limit := time.NewTimer(r.every)
	defer limit.Stop()
	select {
	case h := <-answer:
		r.report(h)
	case <-ctx.Done():
	case <-limit.C:
		r.logger.Error("the server does not answer itself: systemd is not told that it is well", "within", r.every)
		select { // one question at a time
		case <-answer:
		case <-ctx.Done():
		}
	}
}

func (r *reporter) report(h highball.Health) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var news []string
	if r.watchdog > 0 {
		news = append(news, notify.Alive)
	}
	if h.State == "draining" && !r.stopping {
		r.stopping = true
		news = append(news, notify.Stopping)
	}
	if !r.ready || r.stopping || r.reloads > 0 {
		news = append(news, notify.MoreTime(moreTime))
	}
	if line := r.line(h); line != r.said {
		r.said = line
		news = append(news, notify.Status(line))
	}
	if len(news) > 0 {
		r.send(news...)
	}
}

// line is what "systemctl status" shows.
func (r *reporter) line(h highball.Health) string {
	line := fmt.Sprintf("%s: %d of %d workers", h.State, h.Ready, h.Workers)
	switch {
	case h.State == "draining":
		return fmt.Sprintf("draining: %d requests in progress", h.InFlight)
	case r.reloads > 0:
		line += ", a reload is in progress"
	case r.failed:
		line += ", the last reload failed: see the log"
	}
	if h.State == "failing" && h.Err != nil {
		line += ": " + h.Err.Error()
	}
	return line
}

// reloading and reloaded stand around a reload. One that is told to begin while
// another is in progress is over with that.
func (r *reporter) reloading() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reloads++
	if r.ready && !r.stopping {
		r.send(append(notify.Reloading(), notify.MoreTime(moreTime))...)
	}
}

func (r *reporter) reloaded(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reloads--
	r.failed = err != nil
	if r.reloads == 0 && r.ready && !r.stopping {
		r.send(notify.Ready)
	}
}

// isStopping is told by the signal; the server itself may be asked to end as well.
func (r *reporter) isStopping() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopping {
		r.stopping = true
		r.send(notify.Stopping, notify.MoreTime(moreTime))
	}
}

// leave says that another process is the main one; this one says nothing any more.
func (r *reporter) leave(pid int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.main = false
	return r.manager.Send(notify.MainPID(pid))
}

// send does not fail: a manager that does not listen is no reason not to serve.
func (r *reporter) send(assignments ...string) {
	if !r.main {
		return
	}
	err := r.manager.Send(assignments...)
	if err != nil && !r.silent {
		r.logger.Warn("systemd does not learn how the server is: " + err.Error())
	}
	r.silent = err != nil
}
