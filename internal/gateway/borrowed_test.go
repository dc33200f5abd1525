package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"highball/internal/wire"
)

// borrowed is a request whose texts are gone once the handler has returned, as those
// of internal/h1 are; over has them so.
func borrowed(method, target string) (r *http.Request, over func()) {
	text := []byte(method + target)
	view := func(p []byte) string { return unsafe.String(&p[0], len(p)) }
	r = httptest.NewRequest(method, target, nil)
	r.Method, r.RequestURI = view(text[:len(method)]), view(text[len(method):])
	r.URL.Path = r.RequestURI
	return r, func() {
		for i := range text {
			text[i] = '#'
		}
	}
}

// serve is do without the wait for what outlives the response.
func (g *rig) serve(r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			panic(cause)
		}
	}()
	g.ServeHTTP(httptest.NewRecorder(), r)
}

// What goes on after the response names its own request, though the engine and the
// gateway have used its memory for another since.
func TestLateLinesNameTheirRequest(t *testing.T) {
	for name, worker := range map[string]func(w *fakeWorker){
		"no answer":                func(w *fakeWorker) { yields(w, 0); w.fail("application", "RequestTimeout"); w.done() },
		"does not yield":           func(w *fakeWorker) { works(w, time.Hour) },
		"in close()":               func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); yields(w, 0); w.done() },
		"in close(), after blocks": func(w *fakeWorker) { w.respond(0, "200 OK", "o"); w.block(wire.FlagEnd, "k"); yields(w, 0); w.done() },
		"in the midst":             func(w *fakeWorker) { w.respond(0, "200 OK", "half"); yields(w, 0); w.fail("application", ""); w.done() },
		"dies in close()":          func(w *fakeWorker) { w.respond(wire.FlagEnd, "200 OK", "ok"); works(w, time.Second) },
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(worker, answer("200 OK", "another"))
			g.opts.RequestTimeout = 30 * time.Second
			r, over := borrowed("PURGE", "/late")
			g.serve(r)
			over()
			other, _ := borrowed("GET", "/other")
			g.serve(other)
			g.Wait()
			lines := strings.Split(strings.TrimSpace(g.log.String()), "\n")
			for _, line := range lines {
				if !strings.Contains(line, `line="PURGE /late HTTP/1.1"`) || !strings.Contains(line, "request="+g.done[0].RequestID+" ") {
					t.Errorf("%s: the log has %s, want request %s", name, line, g.done[0].RequestID)
				}
			}
			for _, cause := range g.slots[0].condemned {
				if !strings.Contains(cause, g.done[0].RequestID) {
					t.Errorf("%s: condemned for %q", name, cause)
				}
			}
		})
	}
}
