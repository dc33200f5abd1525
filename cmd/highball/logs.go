//go:build !windows

package main

import (
	"io"
	"log"
	"log/slog"

	"highball/internal/obs"
	"highball/internal/settings"
)

// logs are the loggers that the settings ask for.
type logs struct {
	server *slog.Logger
	access *slog.Logger // nil when off
	file   *obs.LogFile // the access log's, if it has one

	watched *obs.Watched // what it is written by
}

func (p *program) openLogs(v settings.Values) (logs, error) {
	format := v.String("log-format")
	opened := logs{server: obs.NewLogger(p.stderr, format, logLevel(v.String("log-level")))}
	// Libraries that know no other way speak to the standard logger: quic-go of a
	// system's buffers that are small.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(opened.server.Handler(), slog.LevelWarn).Writer())
	access := func(w io.Writer) *slog.Logger {
		opened.watched = obs.Watch(w, "the access log", opened.server)
		return obs.NewAccessLogger(opened.watched, format)
	}
	switch path := v.String("access-log"); path {
	case "off":
	case "-":
		opened.access = access(p.stdout)
	default:
		file, err := obs.OpenAccessLog(path)
		if err != nil {
			return logs{}, err
		}
		opened.access, opened.file = access(file), file
	}
	return opened, nil
}

// reopen has the access log go on in a new file of the same name: logrotate has
// moved the old one.
func (l logs) reopen() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Reopen()
	if err == nil {
		l.watched.Renewed()
	}
	return err
}

func (l logs) close() {
	if l.file != nil {
		_ = l.file.Close()
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
