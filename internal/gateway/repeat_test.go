package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"highball/internal/wire"
)

// twice serves r with a worker that dies after it has begun, and another.
func twice(t *testing.T, r *http.Request, first func(*fakeWorker)) (status, workers int) {
	t.Helper()
	g := newRig(first, answer("200 OK", "again"))
	g.opts.RetryIdempotent = true
	if r.ContentLength < 0 {
		g.opts.Bodies.Stream = everywhere
	}
	w, _ := g.do(r)
	g.checkFreed(t)
	return w.Code, g.next
}

// What a worker had begun when it died is served again where RFC 9110 9.2.2 says
// that this is the same as once, and only there.
func TestRepeatsWhatIsIdempotent(t *testing.T) {
	for method, want := range map[string]int{
		"GET": 200, "HEAD": 200, "OPTIONS": 200, "TRACE": 200, "PUT": 200, "DELETE": 200,
		"POST": 502, "PATCH": 502, "CONNECT": 502, "get": 502, "BREW": 502,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = method
		if status, workers := twice(t, r, begins); status != want || (workers == 2) != (want == 200) {
			t.Errorf("%s: %d by %d workers, want %d", method, status, workers, want)
		}
	}
}

func TestRepeatsWithTheSameBody(t *testing.T) {
	r := httptest.NewRequest("PUT", "/", strings.NewReader("body"))
	var got []byte
	g := newRig(begins, func(w *fakeWorker) { got = w.body(); w.respond(final, "200 OK", "") })
	g.opts.RetryIdempotent = true
	if w, _ := g.do(r); w.Code != 200 || string(got) != "body" || !g.asks[1].Again {
		t.Errorf("%d, the second worker got %q, asked with %+v", w.Code, got, g.asks)
	}
	g.checkFreed(t)
}

// Once somebody has seen something of the first try there is no second one.
func TestNoRepeatOfWhatWasSeen(t *testing.T) {
	streams := func() *http.Request {
		r := httptest.NewRequest("PUT", "/", strings.NewReader("body"))
		r.ContentLength = -1
		return r
	}
	for name, c := range map[string]struct {
		r     *http.Request
		first func(*fakeWorker)
		want  int
	}{
		"the head was sent":       {get("/"), func(w *fakeWorker) { begins(w); w.respond(0, "200 OK", "half") }, 1},
		"hints were sent":         {get("/"), func(w *fakeWorker) { begins(w); w.hints(Field{"Link", "</a.css>"}) }, 1},
		"its body was taken":      {streams(), func(w *fakeWorker) { begins(w); w.read(4) }, 1},
		"its body was not looked": {streams(), begins, 2},
	} {
		if _, workers := twice(t, c.r, c.first); workers != c.want {
			t.Errorf("%s: %d workers, want %d", name, workers, c.want)
		}
	}
}

// A request that ends every worker that it meets ends as it would have, too.
func TestRepeatsAreBounded(t *testing.T) {
	var workers []func(*fakeWorker)
	for range maxDeaths + 1 {
		workers = append(workers, begins)
	}
	g := newRig(workers...)
	g.opts.RetryIdempotent = true
	if w, _ := g.do(get("/")); w.Code != 502 || g.next != maxDeaths {
		t.Errorf("%d after %d workers", w.Code, g.next)
	}
}

// A worker that broke the protocol was killed for this request: the next may do so too.
func TestNoRepeatAfterABrokenProtocol(t *testing.T) {
	g := newRig(func(w *fakeWorker) { begins(w); w.send(wire.TypeBlock, 0, nil) }, answer("200 OK", "again"))
	g.opts.RetryIdempotent = true
	if w, _ := g.do(get("/")); w.Code != 502 || g.next != 1 {
		t.Errorf("%d by %d workers", w.Code, g.next)
	}
}
