package front

import (
	"net/http"
	"sync"
	"time"
)

// streamPiece is the size, in bytes, in which a stream of HTTP/2 is written: what its
// client has to take within SendTimeout. It is a frame's at most, by default.
const streamPiece = 16 << 10

// serveStream serves a request of HTTP/2. Its client may take all of the connection and
// nothing of one stream (RFC 9113 5.2), which net/http lets it do for ever.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	limit := s.options.SendTimeout
	if limit <= 0 {
		s.handler.ServeHTTP(w, r)
		return
	}
	control := http.NewResponseController(w)
	sw := &streamWriter{ResponseWriter: w, control: control, limit: limit}
	s.handler.ServeHTTP(sw, r)
	_ = control.SetWriteDeadline(time.Now().Add(limit)) // for what net/http still holds
}

// streamWriter resets a stream whose client takes nothing of what is written.
type streamWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration

	mu     sync.Mutex
	timer  *time.Timer
	writes bool
}

// Unwrap is for http.ResponseController.
func (w *streamWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *streamWriter) Write(p []byte) (n int, err error) {
	for {
		piece := p[n:min(n+streamPiece, len(p))]
		w.begin()
		taken, err := w.ResponseWriter.Write(piece)
		w.end()
		if n += taken; err != nil || n == len(p) {
			return n, err
		}
	}
}

// Flush is http.Flusher's.
func (w *streamWriter) Flush() { _ = w.FlushError() }

// FlushError is for http.ResponseController.
func (w *streamWriter) FlushError() error {
	w.begin()
	defer w.end()
	return w.control.Flush()
}

func (w *streamWriter) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = true
	if w.timer == nil {
		w.timer = time.AfterFunc(w.limit, w.giveUp)
	} else {
		w.timer.Reset(w.limit)
	}
}

func (w *streamWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = false
	w.timer.Stop()
}

// giveUp has the write return. Once the handler has ended, the writer is another's.
func (w *streamWriter) giveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writes {
		_ = w.control.SetWriteDeadline(time.Unix(1, 0))
	}
}
