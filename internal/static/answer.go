package static

import (
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// forever is the Cache-Control of what has its content in its name (RFC 8246).
const forever = "public, max-age=31536000, immutable"

// answer sends a file, or says that the client has it.
func (f *Files) answer(w *recorder, r *http.Request, m *Mount, name string, found *file) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h.Set("Content-Type", typeOf(name))
	h.Set("Etag", found.tag())
	if cache := f.cacheOf(m, name); cache != "" {
		h.Set("Cache-Control", cache)
	}
	if found.varies {
		h.Add("Vary", "Accept-Encoding")
	}
	if found.coding != "" {
		h.Set("Content-Encoding", found.coding)
		w.encoded = found.info.Size()
	}
	http.ServeContent(w, within(r), "", found.info.ModTime(), found.File)
}

func (f *Files) cacheOf(m *Mount, name string) string {
	switch {
	case m.Hashed && isHashed(path.Base(name)):
		return forever
	case m.Cache != "":
		return m.Cache
	}
	return f.cache
}

// isHashed looks for ".0123456789ab" before the extension, or at the end.
func isHashed(name string) bool {
	for _, part := range strings.Split(name, ".")[1:] {
		if len(part) == 12 && strings.Trim(part, "0123456789abcdef") == "" {
			return true
		}
	}
	return false
}

// mostRanges is how many parts of a file may be asked for at once: players and readers of
// documents ask for a few. RFC 9110 14.2 lets a server ignore the field.
const mostRanges = 16

// within is the request, without ranges if it asks for too many.
func within(r *http.Request) *http.Request {
	if ranges := r.Header["Range"]; len(ranges) == 0 || strings.Count(ranges[0], ",") < mostRanges {
		return r
	}
	whole := *r
	whole.Header = r.Header.Clone()
	whole.Header.Del("Range")
	return &whole
}

// recorder knows what was answered, and leaves sendfile to the writer below.
type recorder struct {
	http.ResponseWriter
	began   time.Time
	status  int
	bytes   int64
	encoded int64 // the length of what is sent in a content coding
}

// WriteHeader adds the length of a coded file, which ServeContent leaves out.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		switch {
		case w.encoded == 0:
		case status == http.StatusOK:
			w.Header().Set("Content-Length", strconv.FormatInt(w.encoded, 10))
		case status == http.StatusPreconditionFailed:
			w.Header().Del("Content-Encoding") // there is nothing in it
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom has a writer that can send files do so.
func (w *recorder) ReadFrom(src io.Reader) (n int64, err error) {
	if to, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		n, err = to.ReadFrom(src)
		w.bytes += n
		return n, err
	}
	return io.Copy(struct{ io.Writer }{w}, src)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// isCut says whether less was sent than promised.
func (w *recorder) isCut(method string) bool {
	if method == http.MethodHead || w.status != http.StatusOK && w.status != http.StatusPartialContent {
		return false
	}
	promised, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	return err == nil && w.bytes < promised
}
