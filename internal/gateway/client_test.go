package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"highball/internal/wire"
)

// A client that does not take its response: the worker is told, what it still
// sends is thrown away, and the slot is free when the application ends.
func TestWriteErrors(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "a")
		w.block(0, strings.Repeat("b", 100))
		<-w.call.left
		w.block(0, "thrown away")
		w.hints(Field{"Link", "x"})
		w.fail("disconnected", "")
		w.done()
	})
	w := &plainRecorder{limit: 50}
	if !g.doOn(w, get("/")) {
		t.Error("the connection was not cut")
	}
	if w.body.String() != "a" || g.done[0].Failure == "" || g.done[0].Bytes != 1 {
		t.Errorf("body %q, %+v", w.body.String(), g.done[0])
	}
	g.checkFreed(t)
}

// The context ends while the application runs: it is told once the response
// streams, and whatever it answers then, the slot is free.
func TestClientLeaves(t *testing.T) {
	ctx, leave := context.WithCancel(context.Background())
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "a")
		leave()
		<-w.call.left
		w.fail("disconnected", "")
		w.done()
	})
	if _, aborted := g.do(get("/").WithContext(ctx)); !aborted {
		t.Error("the connection was not cut")
	}
	g.checkFreed(t)
}

// Nobody may take the answer to who has left the queue for the application's: the
// client may only have ended its own direction, and there is none.
func TestClientLeavesTheQueue(t *testing.T) {
	ctx, leave := context.WithCancel(context.Background())
	leave()
	g := newRig(answer("200 OK", "ok"))
	w, aborted := g.do(get("/").WithContext(ctx))
	if w.Body.Len() != 0 || !aborted || g.done[0].Status != statusClientLeft || g.next != 0 {
		t.Errorf("%q, aborted %v, %+v", w.Body, aborted, g.done[0])
	}
	g.opts.WhileQueued = func(context.Context) context.Context { return t.Context() }
	if w, _ := g.do(get("/").WithContext(ctx)); w.Code != 200 {
		t.Errorf("with a context of its own for the queue: %d", w.Code)
	}
	g.opts.WhileQueued = func(context.Context) context.Context { return ctx }
	if w, aborted := g.do(get("/")); w.Body.Len() != 0 || !aborted || g.done[2].Status != statusClientLeft {
		t.Errorf("probably left: %q, %+v", w.Body, g.done[2])
	}
}

// failingBody is a request body whose client goes away.
type failingBody struct {
	io.Reader
	err error
}

func (b failingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func (failingBody) Close() error { return nil }

func post(length int64, body io.ReadCloser) *http.Request {
	r := httptest.NewRequest("POST", "/", nil)
	r.Body, r.ContentLength = body, length
	return r
}

// A small body that is no body never reaches a worker; what the client is to blame for
// is told of.
func TestSmallBodyBroken(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
		told string
	}{
		"cut":      {io.ErrUnexpectedEOF, 400, ""},
		"too slow": {timeout{}, 408, "408 RFC 9110 15.5.9"},
		"limited":  {&http.MaxBytesError{Limit: 2}, 413, "413 RFC 9110 15.5.14"},
	} {
		g, told := newRig(), ""
		g.opts.Refused = func(_ context.Context, status int, clause, _ string) { told += fmt.Sprint(status, " ", clause) }
		w, aborted := g.do(post(10, failingBody{strings.NewReader("abc"), c.err}))
		if w.Code != c.code || aborted || w.Header().Get("Connection") != "close" {
			t.Errorf("%s: %d %v, aborted %v", name, w.Code, w.Header(), aborted)
		}
		if told != c.told {
			t.Errorf("%s: told of %q", name, told)
		}
	}
}

// timeout is what a read past its deadline returns.
type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Is(t error) bool { return t == os.ErrDeadlineExceeded }
func (timeout) Timeout() bool   { return true }

// A large one is noticed when the application reads it: its client gets an
// answer that says so.
func TestStreamedBodyBroken(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"cut":      {io.ErrUnexpectedEOF, 400},
		"too slow": {timeout{}, 408},
		"limited":  {&http.MaxBytesError{Limit: 2}, 413},
	} {
		var got []byte
		g := newRig(func(w *fakeWorker) {
			var end wire.Flags
			got, end = w.readAll(1000)
			if end != wire.FlagAbort {
				t.Errorf("%s: the body ended with flags %d", name, end)
			}
			w.fail("disconnected", "Traceback")
			w.done()
		})
		w, _ := g.do(post(1<<20, failingBody{strings.NewReader("abc"), c.err}))
		if w.Code != c.code || string(got) != "abc" {
			t.Errorf("%s: %d after %q", name, w.Code, got)
		}
		if !strings.Contains(g.done[0].Failure, c.err.Error()) {
			t.Errorf("%s: failure %q", name, g.done[0].Failure)
		}
		g.checkFreed(t)
	}
}
