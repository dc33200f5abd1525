//go:build !windows

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"highball/internal/obs"
)

// devLog writes both logs for somebody who looks at a terminal all day: what the
// application prints as it is, a short line for each request, and a few words for the rest.
type devLog struct {
	mu     sync.Mutex
	out    io.Writer
	level  slog.Level
	colour bool
	hushed bool // the server ends, which is no news

	application, python, pin string // for the banner
	addresses                int
}

// The colours of a terminal, as ECMA-48 has them (SGR).
const (
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	bold   = "1"
)

func (l *devLog) paint(colour, text string) string {
	if !l.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// hush has nothing written from now on: what the end cuts short is no news.
func (l *devLog) hush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hushed = true
}

// Enabled implements slog.Handler.
func (l *devLog) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }

// WithAttrs implements slog.Handler; nobody here has any to give.
func (l *devLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler.
func (l *devLog) WithGroup(string) slog.Handler { return l }

// Handle implements slog.Handler.
func (l *devLog) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]slog.Value{}
	var order []string
	r.Attrs(func(a slog.Attr) bool {
		attrs[a.Key] = a.Value.Resolve()
		order = append(order, a.Key)
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hushed {
		return nil
	}
	text := l.line(r, attrs, order)
	if text == "" {
		return nil
	}
	_, err := io.WriteString(l.out, text+"\n")
	return err
}

// line is a record's text; "" for what is not worth a line here.
func (l *devLog) line(r slog.Record, attrs map[string]slog.Value, order []string) string {
	if _, printed := attrs["stream"]; printed {
		return r.Message
	}
	if address, ok := strings.CutPrefix(r.Message, "listening on "); ok {
		return l.banner(address)
	}
	switch r.Message {
	case "python":
		l.python = attrs["version"].String()
		return ""
	case "application":
		l.application = fmt.Sprintf("%s (%s)", attrs["target"], attrs["kind"])
		return ""
	case "the debugger's console asks for its PIN":
		l.pin = attrs["pin"].String()
		if l.addresses > 0 {
			return l.paint(dim, "debugger PIN ") + l.pin
		}
		return ""
	case "workers", "reload: given up, the old code serves on", "reload: a page says why the new code does not load", "reload: starting workers with the new code":
		return ""
	case "reload: files have changed":
		return l.paint(cyan, "↻ "+attrs["files"].String())
	case "reload: the new code serves":
		return l.paint(cyan, "↻ ") + l.paint(dim, "reloaded in "+attrs["took"].String())
	}
	return l.other(r, attrs, order)
}

// banner says what is served, where, and how that ends.
func (l *devLog) banner(address string) string {
	l.addresses++
	if l.addresses > 1 {
		return "  " + l.paint(bold, address)
	}
	what := l.application
	if what == "" {
		what = "the application does not load: see there"
	}
	text := "\n  " + l.paint(bold, "highball dev") + "  " + what + l.paint(dim, " on "+l.python) + "\n  " + l.paint(bold, address) +
		l.paint(dim, "  Ctrl-C stops it")
	if l.pin != "" {
		text += "\n  " + l.paint(dim, "debugger PIN ") + l.pin
	}
	return text + "\n"
}

// other is a record that has no form of its own. A traceback stands below it.
func (l *devLog) other(r slog.Record, attrs map[string]slog.Value, order []string) string {
	head, rest, _ := strings.Cut(r.Message, "\n")
	colour := ""
	switch {
	case r.Level >= slog.LevelError:
		colour = red
	case r.Level >= slog.LevelWarn:
		colour = yellow
	}
	if colour != "" {
		head = l.paint(colour, head)
	}
	for _, key := range order {
		value := attrs[key].String()
		switch {
		case strings.Contains(value, "\n"):
			rest += "\n" + value
		case key != "pid" && key != "request":
			head += l.paint(dim, " "+key+"="+value)
		}
	}
	if rest = strings.Trim(rest, "\n"); rest != "" {
		return head + "\n" + rest
	}
	return head
}

// devAccess writes a line for each request: "GET /path 200 3ms".
type devAccess struct{ *devLog }

// Handle implements slog.Handler.
func (l devAccess) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]slog.Value{}
	r.Attrs(func(a slog.Attr) bool {
		attrs[a.Key] = a.Value
		return true
	})
	status := attrs[obs.KeyStatus].Int64()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hushed {
		return nil
	}
	_, err := fmt.Fprintf(l.out, "%s %s %s %s %s\n", l.paint(dim, r.Time.Format(time.TimeOnly)), attrs[obs.KeyMethod],
		harmless(attrs[obs.KeyTarget].String()), l.paint(statusColour(status), strconv.FormatInt(status, 10)),
		l.paint(dim, rounded(attrs[obs.KeyDuration].Duration())))
	return err
}

// WithAttrs implements slog.Handler.
func (l devAccess) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler.
func (l devAccess) WithGroup(string) slog.Handler { return l }

func statusColour(status int64) string {
	switch {
	case status >= 500:
		return red
	case status >= 400:
		return yellow
	case status >= 300:
		return cyan
	}
	return green
}

// harmless leaves a terminal nothing to obey.
func harmless(target string) string {
	quoted := strconv.QuoteToGraphic(target)
	return quoted[1 : len(quoted)-1]
}

// rounded is a duration with as many digits as say something.
func rounded(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
