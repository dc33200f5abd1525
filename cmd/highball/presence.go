//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"highball/internal/daemon"
	"highball/internal/pidfile"
	"highball/internal/settings"
)

// presence is how others find the process and learn that it serves: by its pid file, and
// as those who have started it in the background.
type presence struct {
	logs     logs
	pid      *pidfile.File // nil: none is wanted
	child    *daemon.Child // nil: nobody waits for this process
	detached bool          // what it writes to stdout and stderr is for nobody

	mu     sync.Mutex
	serves bool
	over   bool // the server has ended
}

// newPresence refuses to start beside a server that has the same pid file, unless this
// process is to take its place.
func newPresence(v settings.Values, place *successor, environ []string, logs logs) (*presence, error) {
	a := &presence{logs: logs, detached: v.Bool("daemon"), child: daemon.Inherited(environ)}
	path := v.String("pid-file")
	if path == "" {
		return a, nil
	}
	var err error
	if a.pid, err = pidfile.New(path); err == nil && place == nil {
		err = a.pid.Running()
	}
	return a, err
}

// giveTo is called by root for the user that it will be.
func (a *presence) giveTo(uid, gid int) error {
	if a.pid == nil {
		return nil
	}
	return a.pid.GiveTo(uid, gid)
}

// prepare is called as who the process will be.
func (a *presence) prepare() error {
	if a.pid == nil {
		return nil
	}
	return a.pid.Prepare()
}

// run tells of the process once it serves. One that takes another's place begins when
// that has let go: until then the other is the one to be signalled.
func (a *presence) run(ctx context.Context, srv server, place *successor) {
	select {
	case <-srv.Ready():
	case <-ctx.Done():
		return
	}
	if place != nil {
		select {
		case <-place.alone:
		case <-ctx.Done():
			return
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return
	}
	if a.pid != nil {
		if err := a.pid.Publish(); err != nil {
			a.logs.server.Error("the pid file does not name this process: " + err.Error())
		}
	}
	a.logs.start.end()
	a.serves = true
	a.detach()
	if a.child != nil {
		a.child.Ready()
	}
}

// detach has what Go itself would say of a crash go where the log is.
func (a *presence) detach() {
	if !a.detached {
		return
	}
	if err := a.logs.withErrorLog(daemon.Detach); err != nil {
		a.logs.server.Error("the server still has the terminal's output: " + err.Error())
	}
}

// reopen is what SIGUSR1 asks for.
func (a *presence) reopen() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logs.reopen()
	if a.serves {
		a.detach()
	}
}

// end takes the pid file away, unless it is left to the process that has taken over: that
// one may not have written it yet.
func (a *presence) end(leave bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	if a.pid == nil || leave && a.serves {
		return
	}
	if err := a.pid.Remove(); err != nil {
		a.logs.server.Warn("the pid file stays: " + err.Error())
	}
}

// daemonRefusal is a reason against the background, if there is one.
func daemonRefusal(v settings.Values, environ []string, pid int) error {
	const instead = "run it in the foreground, without daemon"
	get := getenv(environ)
	handed := slices.ContainsFunc(v.List("bind"), func(bind string) bool {
		return strings.Contains(bind, "fd://") || strings.Contains(bind, "systemd:")
	})
	switch {
	case get("NOTIFY_SOCKET") != "":
		return errors.New("daemon: systemd waits to hear from the process that it has started (NOTIFY_SOCKET): " + instead + ", or make the unit Type=forking with PIDFile=")
	case get("LISTEN_FDS") != "" || handed:
		return errors.New("daemon: sockets are handed to the process that is started, not to one in the background: " + instead)
	case pid == 1:
		return errors.New("daemon: this is the container's first process, and the container would end with it: " + instead)
	}
	return nil
}

// daemonize has the server go on in the background, and returns when it serves or has
// failed. What it had to say is on the terminal.
func (p *program) daemonize(self self) error {
	signals, stop := p.signals()
	defer stop()
	state, err := daemon.Start(daemon.Program{Path: self.path, Args: self.args, Dir: self.dir, Env: self.environ}, signals)
	switch {
	case err != nil || state == nil:
		return err
	case state.ExitCode() < 0:
		return fmt.Errorf("the server in the background has ended before it was ready: %s", state)
	case state.ExitCode() == 0:
		return errors.New("the server in the background was stopped before it was ready")
	}
	return saidError{state.ExitCode()}
}

// wantsDaemon says whether this process is only to start another.
func wantsDaemon(v settings.Values, place *successor, environ []string) bool {
	return v.Bool("daemon") && place == nil && getenv(environ)(daemon.Variable) == ""
}

// withErrorLog hands the log's file on, nil if it has none.
func (l logs) withErrorLog(use func(*os.File) error) error {
	for _, f := range l.files {
		if f.name == errorLogName {
			return f.With(use)
		}
	}
	return use(nil)
}
