package front

import (
	"errors"
	"log/slog"
	"syscall"
	"time"

	"highball/internal/obs"
)

// shortWait is how long connections wait before another is tried to be accepted.
const shortWait = 20 * time.Millisecond

// shortage tells the log that connections have to wait for descriptors.
type shortage struct {
	logger *slog.Logger
	told   obs.Reminder
}

func isShortage(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// note is told of each failed accept.
func (s *shortage) note(err error) {
	if !isShortage(err) || !s.told.Due() {
		return
	}
	advice := "raise the limit of this server (LimitNOFILE of systemd, ulimit -n)"
	if errors.Is(err, syscall.ENFILE) {
		advice = "the whole system has too many open: raise fs.file-max"
	}
	attrs := []any{}
	if limit, ok := descriptors(); ok {
		attrs = append(attrs, "limit", limit)
	}
	s.logger.Error("too many open files: new connections wait until others end; "+advice, attrs...)
}
