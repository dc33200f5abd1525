package obs

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// consoleHandler writes records for a person at a terminal.
type consoleHandler struct {
	out    *output
	level  slog.Level
	prefix string // the open groups, as "a.b."
	given  entry  // what WithAttrs gave, already formatted
}

// Enabled implements slog.Handler.
func (h *consoleHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level
}

// Handle implements slog.Handler.
func (h *consoleHandler) Handle(_ context.Context, r slog.Record) error {
	buf := h.out.buffer()
	e := entry{line: *buf, blocks: slices.Clip(h.given.blocks)}
	if !r.Time.IsZero() {
		e.line = r.Time.AppendFormat(e.line, "15:04:05.000 ")
	}
	message, more, _ := strings.Cut(trimLines(r.Message), "\n")
	e.line = appendLevel(e.line, r.Level)
	e.line = appendEscaped(e.line, strings.TrimSuffix(message, "\r"))
	e.line = append(e.line, h.given.line...)
	r.Attrs(func(a slog.Attr) bool {
		e.add(h.prefix, a)
		return true
	})
	e.line = append(e.line, '\n')
	if more != "" {
		e.line = appendIndented(e.line, more)
	}
	*buf = e.appendBlocks(e.line)
	return h.out.write(buf)
}

// WithAttrs implements slog.Handler.
func (h *consoleHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *h
	derived.given = entry{line: slices.Clip(h.given.line), blocks: slices.Clip(h.given.blocks)}
	for _, a := range attrs {
		derived.given.add(h.prefix, a)
	}
	return &derived
}

// WithGroup implements slog.Handler.
func (h *consoleHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := *h
	derived.prefix += name + "."
	return &derived
}

// appendLevel pads to the width of the longest common level, so that messages
// begin in one column.
func appendLevel(b []byte, level slog.Level) []byte {
	const width = len("ERROR ")
	name := level.String()
	b = append(append(b, name...), ' ')
	for n := len(name) + 1; n < width; n++ {
		b = append(b, ' ')
	}
	return b
}

// entry is a record's attributes while they are formatted.
type entry struct {
	line   []byte // " key=value key=value"
	blocks []block
}

// block is a value of several lines, printed below the line.
type block struct{ key, text string }

// add formats a, whose key is in the groups of prefix.
func (e *entry) add(prefix string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return
	}
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range a.Value.Group() {
			e.add(prefix, member)
		}
		return
	}
	key, value := prefix+a.Key, text(a.Value)
	if trimmed := trimLines(value); strings.Contains(trimmed, "\n") {
		e.blocks = append(e.blocks, block{key, trimmed})
		return
	}
	e.line = append(e.line, ' ')
	e.line = appendQuoted(e.line, key)
	e.line = append(e.line, '=')
	e.line = appendQuoted(e.line, value)
}

// appendBlocks writes the values of several lines. A single one speaks for
// itself; of more, each has its key above it.
func (e *entry) appendBlocks(b []byte) []byte {
	for _, bl := range e.blocks {
		if len(e.blocks) > 1 {
			b = append(b, "  "...)
			b = append(appendQuoted(b, bl.key), ":\n"...)
		}
		b = appendIndented(b, bl.text)
	}
	return b
}

func text(v slog.Value) string {
	switch v.Kind() {
	case slog.KindTime:
		return v.Time().Format(timeFormat)
	case slog.KindAny:
		if b, ok := v.Any().([]byte); ok {
			return string(b)
		}
	}
	return v.String()
}
