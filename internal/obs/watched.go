package obs

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

// tellEvery is how often a log that cannot be written is told of.
const tellEvery = time.Minute

// Watch returns a writer that passes on to w. When lines are lost, because the
// disk is full, say, logger is told: at first, every minute, and when it is over.
// name is what the lines are part of, "the access log".
func Watch(w io.Writer, name string, logger *slog.Logger) *Watched {
	return &Watched{w: w, name: name, logger: logger}
}

// Watched is what Watch returns.
type Watched struct {
	w      io.Writer
	name   string
	logger *slog.Logger

	mu   sync.Mutex
	lost int       // lines since it failed; 0: it works
	told time.Time // when the logger was last told that it does not
	torn bool      // the last line was written in part
}

// Write writes p, which is a line.
func (w *Watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.torn {
		if _, err := w.w.Write([]byte("\n")); err != nil {
			return 0, w.failed(err)
		}
		w.torn = false
	}
	n, err := w.w.Write(p)
	if err != nil {
		w.torn = n > 0
		return n, w.failed(err)
	}
	if w.lost > 0 {
		w.logger.Warn(w.name+" is written again", "lines_lost", w.lost)
		w.lost = 0
	}
	return n, nil
}

// Renewed says that what comes next is the beginning of a file.
func (w *Watched) Renewed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.torn = false
}

func (w *Watched) failed(err error) error {
	w.lost++
	if w.lost == 1 || time.Since(w.told) >= tellEvery {
		w.told = time.Now()
		w.logger.Error(w.name+" cannot be written, and requests are served without it: "+err.Error(), "lines_lost", w.lost)
	}
	return err
}
