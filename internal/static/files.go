package static

import (
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"highball/internal/obs"
)

// Options configure Files.
type Options struct {
	// Paths are the decoded path of a request, that with what a proxy has taken off it,
	// and what is left of it behind the application's prefix ("" if it is outside).
	Paths func(r *http.Request) (path, whole, info string)

	// Index is the name of the file that a directory is answered with; empty: none.
	Index string

	// MaxAge is how long a file may be kept without asking; 0: nothing is said of it.
	MaxAge time.Duration

	// Done, if set, is told of each answer.
	Done func(r *http.Request, answer Answer)

	Logger *slog.Logger
}

// Answer is what became of a request.
type Answer struct {
	Began   time.Time
	Status  int
	Bytes   int64  // of the body
	Failure string // why the client has not got it all; "" if it has
}

// Files is an http.Handler in front of another.
type Files struct {
	next    http.Handler
	options Options
	cache   string
	mounts  atomic.Pointer[[]Mount] // nil: none

	tellDenied, tellBroken obs.Reminder
}

// New returns a handler that serves nothing itself before Set is called.
func New(next http.Handler, options Options) *Files {
	f := &Files{next: next, options: options}
	if options.MaxAge > 0 {
		f.cache = "public, max-age=" + strconv.FormatInt(int64(options.MaxAge/time.Second), 10)
	}
	return f
}

// Set replaces what is served. A path with several directories is looked for in each of
// them, in their order; longer paths come before shorter ones.
func (f *Files) Set(mounts []Mount) {
	if len(mounts) == 0 {
		f.mounts.Store(nil)
		return
	}
	ordered := inOrder(mounts)
	f.mounts.Store(&ordered)
}

// ServeHTTP answers with a file, or has the other handler answer.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if mounts := f.mounts.Load(); mounts == nil || !f.serve(w, r, *mounts) {
		f.next.ServeHTTP(w, r)
	}
}

// serve looks for a file in each directory that the path may mean.
func (f *Files) serve(w http.ResponseWriter, r *http.Request, mounts []Mount) bool {
	asked, whole, info := f.options.Paths(r)
	for i := range mounts {
		m := &mounts[i]
		first, second := whole, asked
		if m.Relative {
			first, second = info, info
		}
		if name, ok := m.cut(first); ok && f.serveFrom(w, r, m, name) {
			return true
		}
		if name, ok := m.cut(second); ok && second != first && f.serveFrom(w, r, m, name) {
			return true
		}
	}
	return false
}

// serveFrom answers with what has the name in one directory.
func (f *Files) serveFrom(w http.ResponseWriter, r *http.Request, m *Mount, name string) bool {
	began := time.Now()
	below, isDir := strings.CutSuffix(name, "/")
	if isDir || name == "" {
		if f.options.Index == "" {
			return false
		}
		if name = f.options.Index; isDir {
			if !isServed(below) {
				return false
			}
			name = below + "/" + name
		}
	}
	if !isServed(name) {
		return false
	}
	found, err := open(m.Dir, name, r.Header["Accept-Encoding"])
	if found == nil {
		return f.without(w, r, began, m, name, err)
	}
	defer found.Close()
	answer := &recorder{ResponseWriter: w, began: began}
	f.answer(answer, r, m, name, found)
	f.end(r, answer)
	return true
}

// without is for a name that is no file: a directory is asked for with its slash.
func (f *Files) without(w http.ResponseWriter, r *http.Request, began time.Time, m *Mount, name string, err error) bool {
	answer := &recorder{ResponseWriter: w, began: began}
	switch kindOf(err) {
	case isDirectory:
		if f.options.Index == "" {
			return false
		}
		index, err := open(m.Dir, path.Join(name, f.options.Index), nil)
		if err != nil {
			return false
		}
		_ = index.Close()
		to := "./" + (&url.URL{Path: path.Base(name)}).EscapedPath() + "/"
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		w.Header().Set("Location", to)
		w.Header().Set("Content-Length", "0")
		answer.WriteHeader(http.StatusMovedPermanently)
	case denied:
		if f.tellDenied.Due() {
			f.options.Logger.Warn("a file is not served: it cannot be opened, or a link leads out of its directory",
				"dir", m.Dir, "name", name, "error", err)
		}
		return false
	case broken:
		if f.tellBroken.Due() {
			f.options.Logger.Error("a file could not be opened", "dir", m.Dir, "name", name, "error", err)
		}
		w.Header().Set("Retry-After", "1")
		http.Error(answer, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	default:
		return false
	}
	f.end(r, answer)
	return true
}

// end tells of an answer. One that is not whole is cut, so that nobody takes it for whole.
func (f *Files) end(r *http.Request, answer *recorder) {
	failure := ""
	if answer.isCut(r.Method) {
		failure = "the file was not sent whole: it became shorter, or its client left"
	}
	if f.options.Done != nil {
		f.options.Done(r, Answer{Began: answer.began, Status: answer.status, Bytes: answer.bytes, Failure: failure})
	}
	if failure != "" {
		panic(http.ErrAbortHandler)
	}
}
