package gateway

import (
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"highball/internal/origin"
	"highball/internal/wire"
)

func TestWholeResponse(t *testing.T) {
	g := newRig(answer("201 Created", "hello", plain("text/plain")...))
	w, aborted := g.do(get("/"))
	if w.Code != 201 || w.Body.String() != "hello" || aborted {
		t.Errorf("%d %q, aborted %v", w.Code, w.Body, aborted)
	}
	if h := w.Header(); h.Get("Content-Length") != "5" || h.Get("Content-Type") != "text/plain" {
		t.Errorf("header %v", h)
	}
	if d := g.done[0]; d.Status != 201 || d.Bytes != 5 || d.WorkerPID != 4711 || d.Failure != "" || d.RequestID == "" {
		t.Errorf("done %+v", d)
	}
	g.checkFreed(t)
}

// Where no body may follow, none does, and no length is made up.
func TestResponsesWithoutBody(t *testing.T) {
	for _, c := range []struct {
		method, status, body, length string
	}{
		{"GET", "204 No Content", "", ""},
		{"GET", "304 Not Modified", "dropped", ""},
		{"HEAD", "200 OK", "hello", "5"}, // the length that GET would have
		{"HEAD", "200 OK", "", ""},       // the application left the body out: not known
		{"GET", "200 OK", "", "0"},
	} {
		g := newRig(answer(c.status, c.body))
		w, aborted := g.do(httptest.NewRequest(c.method, "/", nil))
		length := w.Header().Get("Content-Length")
		if w.Body.Len() != 0 || length != c.length || aborted {
			t.Errorf("%s %s: body %q, length %q, aborted %v", c.method, c.status, w.Body, length, aborted)
		}
		g.checkFreed(t)
	}
}

// Each block leaves at once, and in one piece, while the application makes the next.
func TestStreamIsFlushed(t *testing.T) {
	left := make(chan struct{})
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "a")
		<-left
		w.block(0, "bb")
		<-left
		w.block(0, "")
		w.block(0, strings.Repeat("c", 3*copyBuffer))
		<-left
		w.block(wire.FlagEnd, "d")
		w.done()
	})
	w := &plainRecorder{after: func() { left <- struct{}{} }}
	if g.doOn(w, get("/")) {
		t.Error("aborted")
	}
	if want := "abb" + strings.Repeat("c", 3*copyBuffer) + "d"; w.body.String() != want {
		t.Errorf("%d bytes, want %d", w.body.Len(), len(want))
	}
	if want := []int{1, 3, 3 + 3*copyBuffer}; !reflect.DeepEqual(w.flushes, want) {
		t.Errorf("flushed at %v, want %v", w.flushes, want)
	}
	g.checkFreed(t)
}

// A body that is not as long as its Content-Length is never taken for whole
// (PEP 3333, "Handling the Content-Length Header"), whatever the worker says of it.
func TestWrongLengths(t *testing.T) {
	ten := Field{"Content-Length", "10"}
	for name, c := range map[string]struct {
		worker  func(w *fakeWorker)
		body    string
		aborted bool
	}{
		"short, and the worker says so": {func(w *fakeWorker) {
			w.respond(0, "200 OK", "abc", ten)
			w.block(wire.FlagEnd|wire.FlagCut, "")
			w.done()
		}, "abc", true},
		"short, and the worker does not say so": {func(w *fakeWorker) {
			w.respond(0, "200 OK", "abc", ten)
			w.block(wire.FlagEnd, "")
			w.done()
		}, "abc", true},
		"short in one frame": {answer("200 OK", "abc", ten), "abc", true},
		"long in one frame":  {answer("200 OK", "0123456789more", ten), "0123456789", false},
		"long in blocks": {func(w *fakeWorker) {
			w.respond(0, "200 OK", "01234", ten)
			w.block(0, "56789more")
			w.block(wire.FlagEnd, "more")
			w.done()
		}, "0123456789", false},
		"cut without a length": {func(w *fakeWorker) {
			w.respond(0, "200 OK", "abc")
			w.block(wire.FlagEnd|wire.FlagCut, "")
			w.done()
		}, "abc", true},
		"HEAD-like answer to GET": {answer("304 Not Modified", "", ten), "", false},
	} {
		g := newRig(c.worker)
		w, aborted := g.do(get("/"))
		if w.Body.String() != c.body || aborted != c.aborted {
			t.Errorf("%s: body %q, aborted %v", name, w.Body, aborted)
		}
		if (g.done[0].Failure != "") != (c.aborted || strings.HasPrefix(name, "long")) {
			t.Errorf("%s: failure %q", name, g.done[0].Failure)
		}
		g.checkFreed(t)
	}
}

func TestEarlyHints(t *testing.T) {
	worker := func(w *fakeWorker) {
		w.hints(Field{"Link", "</a.css>"}, Field{"Link", "</b.js>"}, Field{"Connection", "x"},
			Field{"Content-Length", "9"}, Field{"X", "a\r\nb"}, Field{"X Y", "z"})
		w.respond(final, "200 OK", "ok")
	}
	g := newRig(worker)
	w := &hintRecorder{}
	w.Header().Set("X-Outer", "outer")
	g.doOn(w, get("/"))
	if want := map[string][]string{"Link": {"</a.css>", "</b.js>"}}; !reflect.DeepEqual(w.hinted, want) {
		t.Errorf("hinted %v", w.hinted)
	}
	if h := w.Header(); h.Get("Link") != "" || h.Get("X-Outer") != "outer" || w.status != 200 {
		t.Errorf("the response is %d, %v", w.status, h)
	}
	beyond := newRig(func(w *fakeWorker) {
		w.hints(Field{"Link", "\u20ac"})
		w.respond(final, "200 OK", "ok")
	})
	if w, _ := beyond.do(get("/")); w.Code != 200 || w.Body.String() != "ok" {
		t.Errorf("after hints beyond latin-1: %d %q", w.Code, w.Body)
	}
	beyond.checkFreed(t)
	old := get("/")
	old.Proto, old.ProtoMinor = "HTTP/1.0", 0
	w = &hintRecorder{}
	newRig(worker).doOn(w, old)
	if w.hinted != nil || w.status != 200 {
		t.Errorf("HTTP/1.0 got %v, %d", w.hinted, w.status)
	}
	behind := get("/")
	w = &hintRecorder{}
	newRig(worker).doOn(w, behind.WithContext(origin.With(behind.Context(), &origin.Origin{FinalOnly: true})))
	if w.hinted != nil || w.status != 200 {
		t.Errorf("who takes hints for the response got %v, %d", w.hinted, w.status)
	}
}

// hintRecorder keeps the fields of a 103 apart.
type hintRecorder struct {
	plainRecorder
	hinted map[string][]string
}

func (w *hintRecorder) WriteHeader(status int) {
	if status == 103 {
		w.hinted = w.Header().Clone()
		return
	}
	w.plainRecorder.WriteHeader(status)
}

// An application that raised: 500 before the head, a cut after it.
func TestApplicationFailed(t *testing.T) {
	g := newRig(func(w *fakeWorker) { w.fail("application", "Traceback: secret"); w.done() })
	w, aborted := g.do(get("/path"))
	if w.Code != 500 || aborted || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %q, aborted %v", w.Code, w.Body, aborted)
	}
	id := g.done[0].RequestID
	if !strings.Contains(w.Body.String(), id) {
		t.Errorf("the page %q does not name request %s", w.Body, id)
	}
	for _, want := range []string{"Traceback: secret", id, "GET /path HTTP/1.1", "4711"} {
		if !strings.Contains(g.log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, g.log.String())
		}
	}
	g.checkFreed(t)

	g = newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "half")
		w.fail("application", "Traceback")
		w.done()
	})
	if w, aborted := g.do(get("/")); w.Body.String() != "half" || !aborted || g.done[0].Failure == "" {
		t.Errorf("after the head: %q, aborted %v, %+v", w.Body, aborted, g.done[0])
	}
	g.checkFreed(t)
}

// One that raises when all of its Content-Length has been sent has been answered whole.
func TestApplicationFailedAtItsEnd(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "four", Field{"Content-Length", "4"})
		w.fail("application", "Traceback")
		w.done()
	})
	if w, aborted := g.do(get("/")); w.Body.String() != "four" || aborted {
		t.Errorf("%q, aborted %v", w.Body, aborted)
	}
}
