// Package obs makes the server observable: its own log, for people or as JSON,
// and the access log.
//
// No text from a client forges a line of a log. The console log indents values of
// several lines and escapes other control characters; the access log escapes as
// Apache does; JSON does so by its syntax.
package obs

import (
	"io"
	"log/slog"
)

// FormatJSON names the format with one JSON object a line. Every other name means
// text.
const FormatJSON = "json"

// timeFormat is RFC 3339 with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// NewLogger returns a logger of records at level or above, each with one Write to
// w. The format "json" gives one object a line, with times as RFC 3339 in
// milliseconds and durations in seconds. Any other format is text for a console:
//
//	15:04:05.000 INFO  message key=value
//
// with values of several lines, such as tracebacks, below that line, indented.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	if format == FormatJSON {
		return slog.New(newJSONHandler(w, level))
	}
	return slog.New(&consoleHandler{out: &output{w: w}, level: level})
}

func newJSONHandler(w io.Writer, level slog.Level) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Value.Kind() {
			case slog.KindTime:
				a.Value = slog.StringValue(a.Value.Time().Format(timeFormat))
			case slog.KindDuration: // slog would print a bare count of nanoseconds
				a.Value = slog.Float64Value(a.Value.Duration().Seconds())
			}
			return a
		},
	})
}
