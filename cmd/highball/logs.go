//go:build !windows

package main

import (
	"log/slog"

	"highball/internal/obs"
	"highball/internal/settings"
)

// logs are the loggers that the settings ask for.
type logs struct {
	server *slog.Logger
	access *slog.Logger // nil when off
	file   *obs.LogFile // the access log's, if it has one
}

func (p *program) openLogs(v settings.Values) (logs, error) {
	format := v.String("log-format")
	opened := logs{server: obs.NewLogger(p.stderr, format, logLevel(v.String("log-level")))}
	switch path := v.String("access-log"); path {
	case "off":
	case "-":
		opened.access = obs.NewAccessLogger(p.stdout, format)
	default:
		file, err := obs.OpenAccessLog(path)
		if err != nil {
			return logs{}, err
		}
		opened.access, opened.file = obs.NewAccessLogger(file, format), file
	}
	return opened, nil
}

// reopen has the access log go on in a new file of the same name: logrotate has
// moved the old one.
func (l logs) reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.Reopen()
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
