package front

import (
	"io"
	"net/http"
)

// responseWriter says "Connection: close" in each head that leaves during a
// drain. net/http closes after such a response; over HTTP/2 it sends a GOAWAY.
type responseWriter struct {
	http.ResponseWriter
	server *Server
	conn   *tracked // nil over HTTP/2
	headed bool     // the head is out of our hands
}

// beforeHead is for everything that sends the head if it has not been sent.
func (w *responseWriter) beforeHead() {
	if w.headed {
		return
	}
	w.headed = true
	if !w.server.draining.Load() {
		return
	}
	w.Header().Set("Connection", "close")
	if w.conn != nil {
		w.conn.told.Store(true)
	}
}

func (w *responseWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.beforeHead()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.beforeHead()
	return w.ResponseWriter.Write(p)
}

// ReadFrom keeps sendfile.
func (w *responseWriter) ReadFrom(r io.Reader) (int64, error) {
	w.beforeHead()
	return io.Copy(w.ResponseWriter, r)
}

func (w *responseWriter) FlushError() error {
	w.beforeHead()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
