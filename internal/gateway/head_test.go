package gateway

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"highball/internal/wire"
)

const final = wire.FlagEnd | wire.FlagFree

// answer is a worker that gives one response in one frame.
func answer(status, body string, fields ...Field) func(*fakeWorker) {
	return func(w *fakeWorker) { w.respond(final, status, body, fields...) }
}

// What PEP 3333 forbids is answered 500, nothing of it leaves, and the worker
// lives on.
func TestForbiddenHeads(t *testing.T) {
	secret := Field{"X-Secret", "secret"}
	for name, worker := range map[string]func(*fakeWorker){
		"status without a reason":    answer("200", "secret", secret),
		"status of two digits":       answer("20 OK", "secret", secret),
		"status of four digits":      answer("2000 OK", "secret", secret),
		"status with a sign":         answer("+20 OK", "secret", secret),
		"status of words":            answer("secret OK", "secret", secret),
		"status informational":       answer("103 Early Hints", "secret", secret),
		"status with CRLF":           answer("200 OK\r\nSet-Cookie: secret", "secret", secret),
		"status with NUL":            answer("200 O\x00K", "secret", secret),
		"status beyond latin-1":      answer("200 \u20ac", "secret", secret),
		"name empty":                 answer("200 OK", "secret", secret, Field{"", "x"}),
		"name with a space":          answer("200 OK", "secret", secret, Field{"X Y", "x"}),
		"name with a colon":          answer("200 OK", "secret", secret, Field{"X:", "x"}),
		"name with CRLF":             answer("200 OK", "secret", secret, Field{"X\r\nSecret", "x"}),
		"name beyond ASCII":          answer("200 OK", "secret", secret, Field{"X-\u00e9", "x"}),
		"value with CRLF":            answer("200 OK", "secret", secret, Field{"X", "a\r\nSecret: b"}),
		"value with LF":              answer("200 OK", "secret", secret, Field{"X", "a\nb"}),
		"value with CR":              answer("200 OK", "secret", secret, Field{"X", "a\rb"}),
		"value with NUL":             answer("200 OK", "secret", secret, Field{"X", "a\x00"}),
		"value with DEL":             answer("200 OK", "secret", secret, Field{"X", "a\x7f"}),
		"value beyond latin-1":       answer("200 OK", "secret", secret, Field{"X", "\u0100"}),
		"length negative":            answer("200 OK", "secret", secret, Field{"Content-Length", "-1"}),
		"length minus zero":          answer("200 OK", "", secret, Field{"Content-Length", "-0"}),
		"length with a sign":         answer("200 OK", "secret", secret, Field{"content-length", "+6"}),
		"length empty":               answer("200 OK", "secret", secret, Field{"Content-Length", ""}),
		"length twice, not the same": answer("200 OK", "secret", secret, Field{"Content-Length", "6"}, Field{"Content-Length", "7"}),
		"length as a list":           answer("200 OK", "secret", secret, Field{"Content-Length", "6, 6"}),
		"Connection":                 answer("200 OK", "secret", secret, Field{"Connection", "close"}),
		"Keep-Alive, in capitals":    answer("200 OK", "secret", secret, Field{"KEEP-ALIVE", "5"}),
		"Transfer-Encoding":          answer("200 OK", "secret", secret, Field{"transfer-encoding", "chunked"}),
		"TE":                         answer("200 OK", "secret", secret, Field{"Te", "trailers"}),
		"Trailer":                    answer("200 OK", "secret", secret, Field{"Trailer", "X"}),
		"Upgrade":                    answer("200 OK", "secret", secret, Field{"Upgrade", "h2c"}),
		"Proxy-Connection":           answer("200 OK", "secret", secret, Field{"Proxy-Connection", "x"}),
		"Proxy-Authenticate":         answer("200 OK", "secret", secret, Field{"Proxy-Authenticate", "x"}),
		"Proxy-Authorization":        answer("200 OK", "secret", secret, Field{"Proxy-Authorization", "x"}),
	} {
		g := newRig(worker)
		w, aborted := g.do(get("/"))
		if w.Code != 500 || aborted {
			t.Errorf("%s: status %d, aborted %v", name, w.Code, aborted)
		}
		if sent := w.Body.String() + strings.Join(headerLines(w.Header()), "\n"); strings.Contains(strings.ToLower(sent), "secret") {
			t.Errorf("%s: something left: %q", name, sent)
		}
		if !strings.Contains(g.log.String(), "the response's head is not valid") {
			t.Errorf("%s: the log says %q", name, g.log.String())
		}
		g.checkFreed(t)
	}
}

func headerLines(h http.Header) (lines []string) {
	for name, values := range h {
		for _, value := range values {
			lines = append(lines, name+": "+value)
		}
	}
	return lines
}

// The same of a head that streams, and of one with a file: the client has its
// answer before the application goes on.
func TestForbiddenHeadOfStream(t *testing.T) {
	answered := make(chan struct{})
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "secret", Field{"Connection", "close"})
		<-answered
		w.block(0, "secret")
		w.block(wire.FlagEnd, "")
		w.done()
	})
	w := &recorder{}
	func() {
		g.ServeHTTP(w, get("/")) // returns although the application runs on
		close(answered)
		g.Wait()
	}()
	if w.status != 500 || strings.Contains(w.body.String(), "secret") {
		t.Errorf("status %d, %q", w.status, w.body.String())
	}
	if _, leaves := g.slots[0].counts(); leaves == 0 {
		t.Error("the worker was not told to stop")
	}
	g.checkFreed(t)
}

// Allowed, and easily forbidden by mistake.
func TestAllowedHeads(t *testing.T) {
	for _, c := range []struct {
		status string
		field  Field
	}{
		{"200 ", Field{"X-Empty", ""}},
		{"299 Any Reason, even caf\u00e9", Field{"X-Latin", "caf\u00e9"}},
		{"599 x", Field{"X-Tab", "a\tb"}},
		{"200 OK", Field{"!#$%&'*+-.^_`|~09az", "x"}},
		{"200 OK", Field{"Content-Length", "000"}},
	} {
		g := newRig(answer(c.status, "", c.field))
		w, aborted := g.do(get("/"))
		values := w.Header()[http.CanonicalHeaderKey(c.field.Name)]
		if w.Code == 500 || aborted || !reflect.DeepEqual(values, []string{latin1(c.field.Value)}) {
			t.Errorf("%q %q: status %d, %q", c.status, c.field, w.Code, values)
		}
		g.checkFreed(t)
	}
}

// recorder is a writer of our own engine's kind: it takes heads as they are.
type recorder struct {
	plainRecorder
	reason string
	fields []Field
}

func (w *recorder) WriteHead(status int, reason string, fields []Field) {
	w.status, w.reason, w.fields = status, strings.Clone(reason), nil
	for _, f := range fields {
		w.fields = append(w.fields, Field{strings.Clone(f.Name), strings.Clone(f.Value)})
	}
}

// plainRecorder keeps what was written, and when it was flushed.
type plainRecorder struct {
	header  http.Header
	status  int
	body    strings.Builder
	flushes []int // the body's length at each flush
	limit   int   // writes beyond fail, if not 0
	after   func()
}

func (w *plainRecorder) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *plainRecorder) WriteHeader(status int) { w.status = status }

func (w *plainRecorder) Write(p []byte) (int, error) {
	if w.limit > 0 && w.body.Len()+len(p) > w.limit {
		return 0, errDied
	}
	return w.body.Write(p)
}

func (w *plainRecorder) FlushError() error {
	w.flushes = append(w.flushes, w.body.Len())
	if w.after != nil {
		w.after()
	}
	return nil
}

// A writer that can carries the reason phrase, and the fields' order and spelling.
func TestHeadWriter(t *testing.T) {
	fields := []Field{{"x-b", "1"}, {"X-A", "caf\xe9"}, {"x-b", "2"}, {"ETag", "W/\"1\""}}
	sent := append([]Field(nil), fields...)
	sent[1].Value = "caf\u00e9"
	g := newRig(answer("207 It's fine", "body", sent...))
	w := &recorder{}
	if g.doOn(w, get("/")) {
		t.Error("aborted")
	}
	want := append(fields, Field{"Content-Length", "4"})
	if w.status != 207 || w.reason != "It's fine" || !reflect.DeepEqual(w.fields, want) {
		t.Errorf("got %d %q %q", w.status, w.reason, w.fields)
	}
	if w.body.String() != "body" || len(w.header) != 0 {
		t.Errorf("body %q, header %v", w.body.String(), w.header)
	}
}

// A length given twice alike is sent once (RFC 9110 8.6), whatever the writer.
func TestRepeatedLength(t *testing.T) {
	worker := answer("200 OK", "four", Field{"Content-Length", "4"}, Field{"content-length", "4"})
	w := &recorder{}
	newRig(worker).doOn(w, get("/"))
	if !reflect.DeepEqual(w.fields, []Field{{"Content-Length", "4"}}) {
		t.Errorf("by a HeadWriter: %q", w.fields)
	}
	plain, _ := newRig(worker).do(get("/"))
	if got := plain.Header()["Content-Length"]; !reflect.DeepEqual(got, []string{"4"}) {
		t.Errorf("by net/http's: %q", got)
	}
}

// What a handler around the gateway has set stays, unless the application sets it.
func TestFieldsOfHandlersAround(t *testing.T) {
	g := newRig(answer("200 OK", "", Field{"X-App", "app"}, Field{"x-app", "two"}))
	w := &plainRecorder{header: http.Header{"X-App": {"outer"}, "X-Outer": {"outer"}}}
	g.doOn(w, get("/"))
	if got := w.header["X-App"]; !reflect.DeepEqual(got, []string{"app", "two"}) || w.header.Get("X-Outer") != "outer" {
		t.Errorf("got %v", w.header)
	}
	if types, ok := w.header["Content-Type"]; !ok || types != nil {
		t.Errorf("net/http would guess a Content-Type: %q, %v", types, ok)
	}
}
