package worker

import (
	"context"
	"log/slog"
)

// passOn logs what a Log message says: a line of wsgi.errors, or a remark of the
// process's server or of a hook.
func passOn(logger *slog.Logger, pid int, m message) {
	fields, _ := m.value.([]any)
	if len(fields) != 3 {
		return
	}
	kind, line := text(fields[0]), text(fields[1])
	attrs := []any{"pid", pid}
	if id := text(fields[2]); id != "" {
		attrs = append(attrs, "request", id)
	}
	if kind == "errors" {
		attrs = append(attrs, "stream", "wsgi.errors")
	} else if head, rest := cutLine(line); rest != "" {
		line = head
		attrs = append(attrs, "traceback", rest)
	}
	logger.Log(context.Background(), levelOf(kind), line, attrs...)
}

func levelOf(kind string) slog.Level {
	switch kind {
	case "debug":
		return slog.LevelDebug
	case "warning":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}
