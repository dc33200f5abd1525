package statsd

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"highball/internal/obs"
)

// Requests returns a handler of access records that counts and times them.
func (c *Client) Requests() slog.Handler { return &requests{client: c} }

type requests struct{ client *Client }

// Enabled implements slog.Handler.
func (h *requests) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler. Records have all that is needed themselves.
func (h *requests) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h *requests) WithGroup(string) slog.Handler { return h }

// Handle implements slog.Handler.
func (h *requests) Handle(_ context.Context, r slog.Record) error {
	var status int64
	var took time.Duration
	r.Attrs(func(a slog.Attr) bool {
		switch {
		case a.Key == obs.KeyStatus && a.Value.Kind() == slog.KindInt64:
			status = a.Value.Int64()
		case a.Key == obs.KeyDuration && a.Value.Kind() == slog.KindDuration:
			took = a.Value.Duration()
		}
		return true
	})
	h.client.Time("request.duration", took)
	h.client.Count("requests", 1)
	h.client.Count("request.status."+strconv.FormatInt(status, 10), 1)
	return nil
}

// Lines returns a handler that counts what goes on to next, from warnings on, by level.
func (c *Client) Lines(next slog.Handler) slog.Handler { return &counted{client: c, Handler: next} }

type counted struct {
	slog.Handler
	client    *Client
	traceback bool // among the attributes that are given already
}

// WithAttrs implements slog.Handler.
func (h *counted) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *h
	derived.Handler = h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		derived.traceback = derived.traceback || isTraceback(a)
	}
	return &derived
}

// WithGroup implements slog.Handler.
func (h *counted) WithGroup(name string) slog.Handler {
	derived := *h
	derived.Handler = h.Handler.WithGroup(name)
	return &derived
}

// Handle implements slog.Handler.
func (h *counted) Handle(ctx context.Context, r slog.Record) error {
	if name := h.level(r); name != "" {
		h.client.Count("log."+name, 1)
	}
	return h.Handler.Handle(ctx, r)
}

// level is Python's name. An exception is an error that has a traceback.
func (h *counted) level(r slog.Record) string {
	switch {
	case r.Level > slog.LevelError:
		return "critical"
	case r.Level == slog.LevelError:
		found := h.traceback
		r.Attrs(func(a slog.Attr) bool { found = found || isTraceback(a); return !found })
		if found {
			return "exception"
		}
		return "error"
	case r.Level >= slog.LevelWarn:
		return "warning"
	}
	return ""
}

func isTraceback(a slog.Attr) bool { return a.Key == "traceback" }
