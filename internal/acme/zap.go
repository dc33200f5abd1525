package acme

import (
	"context"
	"log/slog"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zap is where certmagic writes what it does: to our log, for who looks for details.
// What anybody has to know is said by report and complain.
func (m *Manager) zap() *zap.Logger {
	return zap.New(core{log: m.opts.Logger})
}

// core writes all of it at the level debug.
type core struct {
	log    *slog.Logger
	fields []zapcore.Field
}

func (c core) Enabled(zapcore.Level) bool {
	return c.log.Enabled(context.Background(), slog.LevelDebug)
}

func (c core) With(fields []zapcore.Field) zapcore.Core {
	return core{c.log, append(slices.Clip(c.fields), fields...)}
}

func (c core) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	values := zapcore.NewMapObjectEncoder()
	for _, f := range append(slices.Clip(c.fields), fields...) {
		f.AddTo(values)
	}
	c.log.Debug("acme: "+e.Message, "details", values.Fields)
	return nil
}

func (c core) Sync() error { return nil }
