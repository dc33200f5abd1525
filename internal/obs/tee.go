package obs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
)

// Tee returns a handler that hands records on to all of these.
func Tee(handlers ...slog.Handler) slog.Handler { return tee(handlers) }

type tee []slog.Handler

// Enabled implements slog.Handler.
func (t tee) Enabled(ctx context.Context, level slog.Level) bool {
	return slices.ContainsFunc(t, func(h slog.Handler) bool { return h.Enabled(ctx, level) })
}

// WithAttrs implements slog.Handler.
func (t tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return t.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (t tee) WithGroup(name string) slog.Handler {
	return t.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (t tee) each(derive func(slog.Handler) slog.Handler) slog.Handler {
	derived := make(tee, len(t))
	for i, h := range t {
		derived[i] = derive(h)
	}
	return derived
}

// Handle implements slog.Handler.
func (t tee) Handle(ctx context.Context, r slog.Record) error {
	var errs []error
	for _, h := range t {
		if h.Enabled(ctx, r.Level) {
			errs = append(errs, h.Handle(ctx, r))
		}
	}
	return errors.Join(errs...)
}

func (t tee) wantsDetails() bool {
	return slices.ContainsFunc(t, wantsDetails)
}

func wantsDetails(h slog.Handler) bool {
	d, ok := h.(interface{ wantsDetails() bool })
	return ok && d.wantsDetails()
}
