//go:build !windows

package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"highball/internal/obs"
	"highball/internal/settings"
	"highball/internal/statsd"
)

// logs are the loggers that the settings ask for.
type logs struct {
	server *slog.Logger
	access *slog.Logger // nil when off
	files  []logFile    // that they write to
	start  *startLog    // nil: all there is to say is in the log

	statsd *statsd.Client // nil: nobody counts
}

const errorLogName = "the error log"

// logFile is a file that is opened again after a rotation.
type logFile struct {
	*obs.LogFile
	name    string // "the access log"
	watched *obs.Watched
}

// openAllLogs opens what the settings name, and has statsd count.
func (p *program) openAllLogs(cmd *cobra.Command, v settings.Values, manner manner) (logs, error) {
	form, err := accessForm(v, manner)
	if err := errors.Join(refuseSyslog(v), err); err != nil {
		return logs{}, refused(cmd, err)
	}
	opened, err := p.openLogs(v, form)
	if err != nil {
		return opened, err
	}
	if err := opened.measure(v); err != nil {
		opened.close()
		return opened, refused(cmd, err)
	}
	return opened, nil
}

// refuseSyslog refuses what would otherwise make a file of that name.
func refuseSyslog(v settings.Values) error {
	for _, name := range []string{"error-log", "access-log"} {
		if to := v.String(name); to == "syslog" || strings.HasPrefix(to, "syslog:") {
			return fmt.Errorf("%s: syslog is not spoken: write to - and have the service manager pass it on, as journald does, or pipe it to logger(1)", name)
		}
	}
	return nil
}

// openLogs opens what the settings name.
func (p *program) openLogs(v settings.Values, form *obs.Format) (opened logs, err error) {
	defer func() {
		if err != nil {
			opened.close()
		}
	}()
	if err := opened.openServer(p, v); err != nil {
		return opened, err
	}
	// Libraries that know no other way speak to the standard logger: quic-go of a
	// system's buffers that are small.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(opened.server.Handler(), slog.LevelWarn).Writer())
	if form != nil && len(form.Unknown()) > 0 {
		opened.server.Warn("access-log-format: " + form.UnknownError().Error())
	}
	return opened, opened.openAccess(p, v, form)
}

// openServer opens the server's own log.
func (l *logs) openServer(p *program, v settings.Values) error {
	format, level := v.String("log-format"), logLevel(v.String("log-level"))
	l.server = obs.NewLogger(p.stderr, format, level)
	path := v.String("error-log")
	if path == "-" {
		return nil
	}
	w, err := l.open(errorLogName, path, l.server)
	if err == nil {
		l.start = &startLog{to: p.stderr}
		l.server = obs.NewLogger(io.MultiWriter(w, l.start), format, level)
	}
	return err
}

func (l *logs) openAccess(p *program, v settings.Values, form *obs.Format) error {
	var w io.Writer
	switch path := v.String("access-log"); path {
	case "off":
		return nil
	case "-":
		w = obs.Watch(p.stdout, "the access log", l.server)
	default:
		var err error
		if w, err = l.open("the access log", path, l.server); err != nil {
			return err
		}
	}
	if form != nil {
		l.access = obs.NewFormatLogger(w, form)
	} else {
		l.access = obs.NewAccessLogger(w, v.String("log-format"))
	}
	return nil
}

// open opens a file for a log. logger is told where it cannot be written.
func (l *logs) open(name, path string, logger *slog.Logger) (io.Writer, error) {
	file, err := obs.OpenLog(strings.TrimPrefix(name, "the "), path)
	if err != nil {
		return nil, err
	}
	watched := obs.Watch(file, name, logger)
	l.files = append(l.files, logFile{file, name, watched})
	return watched, nil
}

// accessForm compiles access-log-format; nil if it is not set.
func accessForm(v settings.Values, manner manner) (*obs.Format, error) {
	text := v.String("access-log-format")
	if text == "" {
		return nil, nil
	}
	form, err := obs.CompileFormat(text)
	if err == nil && !manner.dashes {
		err = form.UnknownError()
	}
	if err != nil {
		return nil, fmt.Errorf("access-log-format: %w", err)
	}
	return form, nil
}

// reopen has the logs go on in new files of the same names: logrotate has moved the
// old ones. One that cannot be opened goes on in the old.
func (l logs) reopen() {
	for _, f := range l.files {
		if err := f.Reopen(); err != nil {
			l.server.Error(f.name + " cannot be opened again; it goes on in the old file: " + err.Error())
			continue
		}
		f.watched.Renewed()
	}
}

// giveTo has the files belong to a user, who has to open them again later.
func (l logs) giveTo(uid, gid int) error {
	for _, f := range l.files {
		if err := f.GiveTo(uid, gid); err != nil {
			return fmt.Errorf("user: %s cannot be given to uid %d: %w", f.name, uid, err)
		}
	}
	return nil
}

// ends writes why the server ends into a log that is not where main says it.
func (l logs) ends(err error) {
	if err != nil && l.start != nil {
		l.start.end() // main says it there
		l.server.Error("the server ends: " + err.Error())
	}
}

func (l logs) close() {
	if l.statsd != nil {
		l.statsd.Close()
	}
	for _, f := range l.files {
		_ = f.Close()
	}
}

// logLevel maps Python's names for the levels, which the setting uses.
func logLevel(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "warning":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}
