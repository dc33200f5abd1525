package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/obs"
	"highball/internal/spool"
	"highball/internal/wire"
)

// newSpoolRig is a rig whose bodies wait in files of up to four times what waits in
// memory.
func newSpoolRig(t *testing.T, quota int64, workers ...func(w *fakeWorker)) (*rig, *spool.Store) {
	t.Helper()
	g, store := newRig(workers...), newStore(t, quota)
	g.opts.Bodies.Store, g.opts.Bodies.Spool = store, 4*inMemory
	return g, store
}

// shy is a body that never brings more than a few bytes at once.
type shy struct{ *source }

func (s shy) Read(p []byte) (int, error) { return s.source.Read(p[:min(len(p), 1500)]) }

// prompt is a body that says with its last bytes that they are the last, as that of
// net/http does.
type prompt struct{ *source }

func (s prompt) Read(p []byte) (int, error) {
	n, err := s.source.Read(p)
	if err == nil && s.source.read() == s.source.total {
		err = io.EOF
	}
	return n, err
}

// What comes whole, in memory or in a file, and what streams; at each border.
func TestWhereBodiesWait(t *testing.T) {
	const inFile = 4 * inMemory
	for _, c := range []struct {
		size           int64
		file, streamed bool
	}{
		{0, false, false}, {1, false, false}, {inMemory - 1, false, false}, {inMemory, false, false},
		{inMemory + 1, true, false}, {inFile - 1, true, false}, {inFile, true, false},
		{inFile + 1, false, true}, {3 * inFile, false, true},
	} {
		for _, known := range []bool{true, false} {
			for _, how := range []string{"at once", "slowly", "with its end"} {
				body := &source{total: c.size}
				var got []byte
				var environ map[string]string
				g, store := newSpoolRig(t, 0, func(w *fakeWorker) {
					environ = w.environ()
					if (w.file != nil) != c.file {
						t.Errorf("%+v, known %v: in a file %v", c, known, w.file != nil)
					}
					if got = w.body(); got == nil {
						got, _ = w.readAll(100_000)
					}
					w.respond(final, "200 OK", "")
				})
				r := post(-1, body)
				if known {
					r = post(c.size, body)
				}
				switch how {
				case "slowly":
					r.Body = shy{body}
				case "with its end":
					r.Body = prompt{body}
				}
				w, aborted := g.do(r)
				if w.Code != 200 || aborted {
					t.Errorf("%+v, known %v: %d", c, known, w.Code)
				}
				body.checkSame(t, got)
				length, has := environ["CONTENT_LENGTH"]
				if want := known && c.size > 0 || !known && !c.streamed; has != want {
					t.Errorf("%+v, known %v: CONTENT_LENGTH %q", c, known, length)
				}
				n := g.BodyCounts()
				if (n.Spooled == 1) != c.file || (n.Streamed == 1) != c.streamed || c.file && n.SpooledBytes != c.size {
					t.Errorf("%+v, known %v: counted %+v", c, known, n)
				}
				g.checkFreed(t)
				checkEmpty(t, store)
			}
		}
	}
}

func TestStreamedPaths(t *testing.T) {
	for path, want := range map[string]bool{"/up": true, "/up/x": true, "/upper": false, "/": false, "/x/up": false, "/%75p": true} {
		streams := false
		g := newRig(func(w *fakeWorker) { streams = w.body() == nil; w.respond(final, "200 OK", "") })
		g.opts.Bodies.Stream = []string{"/other", "/up"}
		g.do(httptest.NewRequest("POST", path, strings.NewReader("body")))
		if streams != want {
			t.Errorf("%s: streams %v", path, streams)
		}
	}
}

// A body that is too large is refused before anything of it is read, if that is known.
func TestTooLargeBody(t *testing.T) {
	const most = 3 * inMemory
	for name, c := range map[string]struct {
		size  int64
		known bool
		code  int
	}{
		"just fits":          {most, true, 200},
		"just fits, chunked": {most, false, 200},
		"too large":          {most + 1, true, 413},
		"chunked":            {most + 1, false, 413},
	} {
		body := &source{total: c.size}
		g, store := newSpoolRig(t, 0, func(w *fakeWorker) { w.respond(final, "200 OK", "") })
		g.opts.Bodies.Max = most
		stopped := 0
		g.opts.ClosesInOrder = closesInOrder(&stopped, true)
		r := post(-1, body)
		if c.known {
			r = post(c.size, body)
		}
		w, aborted := g.do(r)
		refused := c.code == 413
		if w.Code != c.code || aborted || (w.Header().Get("Connection") == "close") != refused || (stopped == 1) != refused {
			t.Errorf("%s: %d %v, aborted %v, stopped %d times", name, w.Code, w.Header(), aborted, stopped)
		}
		if refused && (len(g.asks) > 0 || g.BodyCounts().TooLarge != 1 || c.known && body.read() > 0) {
			t.Errorf("%s: %d slots, %+v, %d bytes read", name, len(g.asks), g.BodyCounts(), body.read())
		}
		checkEmpty(t, store)
	}
}

// On HTTP/2 only the stream ends: the field would end the connection.
func TestTooLargeBodyOverHTTP2(t *testing.T) {
	g := newRig()
	g.opts.Bodies.Max = 10
	r := post(11, &source{total: 11})
	r.ProtoMajor, r.ProtoMinor = 2, 0
	if w, aborted := g.do(r); w.Code != 413 || aborted || w.Header().Get("Connection") != "" {
		t.Errorf("%d %v, aborted %v", w.Code, w.Header(), aborted)
	}
}

// Where it streams, the application learns of it when it has read so much.
func TestTooLargeStream(t *testing.T) {
	body := &source{total: 3 << 20}
	g := newRig(func(w *fakeWorker) {
		if got, end := w.readAll(50_000); end != wire.FlagAbort || int64(len(got)) > 1<<20 {
			t.Errorf("%d bytes, flags %d", len(got), end)
		}
		w.fail("disconnected", "Traceback")
		w.done()
	})
	g.opts.Bodies.Max = 1 << 20
	if w, _ := g.do(post(-1, body)); w.Code != 413 || g.BodyCounts().TooLarge != 1 {
		t.Errorf("%d, %+v", w.Code, g.BodyCounts())
	}
	g.checkFreed(t)
}

// What streams from the middle on needs no more of the quota than it has.
func TestStreamBehindAFullSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &source{total: 3 << 20}
		g, store := newSpoolRig(t, 4*inMemory+1000, func(w *fakeWorker) {
			got := w.read(10_000).data
			<-time.After(time.Second) // virtual: all that could be read has been read
			rest, _ := w.readAll(10_000)
			body.checkSame(t, append(got, rest...))
			w.respond(final, "200 OK", "")
		})
		if w, aborted := g.do(post(-1, body)); w.Code != 200 || aborted {
			t.Errorf("status %d, aborted %v", w.Code, aborted)
		}
		if made := store.Stats(); made.Refused != 0 {
			t.Errorf("%+v", made)
		}
		checkEmpty(t, store)
	})
}

// A body that does not come whole leaves nothing behind, and reaches nobody.
func TestBrokenBodyInAFile(t *testing.T) {
	for name, c := range map[string]struct {
		length int64
		err    error
		code   int
	}{
		"cut":       {2 * inMemory, io.ErrUnexpectedEOF, 400},
		"short":     {3 * inMemory, nil, 400},
		"malformed": {-1, errors.New("invalid chunk"), 400},
		"too slow":  {2 * inMemory, timeout{}, 408},
		"limited":   {-1, &http.MaxBytesError{Limit: 2}, 413},
	} {
		if c.err == nil {
			c.err = io.EOF
		}
		g, store := newSpoolRig(t, 0)
		w, aborted := g.do(post(c.length, failingBody{strings.NewReader(strings.Repeat("x", 2*inMemory-1)), c.err}))
		if w.Code != c.code || aborted || w.Header().Get("Connection") != "close" || len(g.asks) > 0 {
			t.Errorf("%s: %d %v, aborted %v", name, w.Code, w.Header(), aborted)
		}
		if made := store.Stats(); made.Files != 1 {
			t.Errorf("%s: %+v", name, made)
		}
		checkEmpty(t, store)
	}
}

// No room: 503, one line in the log, and all is well when there is room again.
func TestSpoolIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, store := newSpoolRig(t, 3*inMemory, answer("200 OK", "ok"), answer("200 OK", "ok"))
		other, err := store.Create()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = other.Write(make([]byte, 2*inMemory))
		upload := func() *httptest.ResponseRecorder {
			w, _ := g.do(post(-1, &source{total: 2 * inMemory}))
			return w
		}
		for range 5 {
			if w := upload(); w.Code != 503 || w.Header().Get("Retry-After") != "10" || w.Header().Get("Connection") != "close" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
		}
		if n := strings.Count(g.log.String(), "there is no room for the request's body"); n != 1 || !strings.Contains(g.log.String(), "--spool-quota") {
			t.Errorf("the log says it %d times:\n%s", n, g.log.String())
		}
		<-time.After(obs.RemindEvery)
		upload()
		if !strings.Contains(g.log.String(), "not_told=4") {
			t.Errorf("log:\n%s", g.log.String())
		}
		if w, _ := g.do(httptest.NewRequest("POST", "/", strings.NewReader("small"))); w.Code != 200 {
			t.Errorf("a small one: %d", w.Code)
		}
		_ = other.Close()
		if w := upload(); w.Code != 200 {
			t.Errorf("with room: %d", w.Code)
		}
		if n := g.BodyCounts(); n.NoRoom != 6 || n.Spooled != 1 {
			t.Errorf("counted %+v", n)
		}
		checkEmpty(t, store)
	})
}

// A body in a file is read from its beginning by each worker that gets it.
func TestFileGoesToAnotherWorker(t *testing.T) {
	body := &source{total: 2 * inMemory}
	got := make([][]byte, 3)
	take := func(i int, then func(*fakeWorker)) func(*fakeWorker) {
		return func(w *fakeWorker) { got[i] = w.body(); then(w) }
	}
	g, store := newSpoolRig(t, 0, take(0, func(*fakeWorker) {}), take(1, begins), take(2, answer("200 OK", "ok")))
	g.opts.RetryIdempotent = true
	r := post(body.total, body)
	r.Method = "PUT"
	if w, _ := g.do(r); w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
	for _, data := range got {
		body.checkSame(t, data)
	}
	g.checkFreed(t)
	checkEmpty(t, store)
}

// The file is there until the application has ended, which may be after the response.
func TestFileLastsAsLongAsTheApplication(t *testing.T) {
	var held int64
	var store *spool.Store
	g, store := newSpoolRig(t, 0, func(w *fakeWorker) {
		w.respond(wire.FlagEnd, "200 OK", "ok")
		<-w.call.left // closed below, when the client has its response
		held = store.Stats().Held
		w.done()
	})
	g.opts.OnDone = func(*http.Request, Done) { g.slots[0].call.Leave() }
	g.do(post(2*inMemory, &source{total: 2 * inMemory}))
	if held != 2*inMemory {
		t.Errorf("%d bytes are held while the application runs", held)
	}
	checkEmpty(t, store)
}

// trickle is a body that brings one byte in each step, until its deadline.
type trickle struct {
	plainRecorder
	step     time.Duration
	left     int
	mu       sync.Mutex
	deadline time.Time
	reads    atomic.Int32
}

func (c *trickle) SetReadDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = at
	return nil
}

func (c *trickle) Read(p []byte) (int, error) {
	c.reads.Add(1)
	c.mu.Lock()
	deadline := c.deadline
	c.mu.Unlock()
	if c.left == 0 {
		return 0, io.EOF
	}
	if !deadline.IsZero() && time.Until(deadline) < c.step {
		<-time.After(time.Until(deadline))
		return 0, os.ErrDeadlineExceeded
	}
	<-time.After(c.step)
	c.left--
	p[0] = 'x'
	return 1, nil
}

func (*trickle) Close() error { return nil }

// Who sends too slowly is told so after the grace, whether it pauses or dribbles; and
// whatever it has announced, no worker is asked.
func TestSlowBody(t *testing.T) {
	for name, c := range map[string]struct {
		step  time.Duration
		bytes int
		code  int
		after time.Duration
	}{
		"at its rate":     {90 * time.Millisecond, 600, 200, 54 * time.Second},
		"below its rate":  {200 * time.Millisecond, 600, 408, 39 * time.Second}, // 20 s, and a tenth of one for each byte
		"with one pause":  {50 * time.Second, 1, 408, 20 * time.Second},
		"fast, then none": {time.Minute, 0, 200, 0},
	} {
		for _, known := range []int64{int64(c.bytes), -1} {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(answer("200 OK", "ok"))
				g.opts.Bodies.MinRate, g.opts.Bodies.Grace = 10, 20*time.Second
				body := &trickle{step: c.step, left: c.bytes}
				began := time.Now()
				g.doOn(body, post(known, body))
				if took := time.Since(began); body.status != c.code || took < c.after || took > c.after+time.Second {
					t.Errorf("%s, %d: %d after %s", name, known, body.status, took)
				}
				if refused := c.code != 200; refused == (len(g.asks) > 0) || (g.BodyCounts().TooSlow == 1) != refused {
					t.Errorf("%s, %d: %d slots were asked for, %+v", name, known, len(g.asks), g.BodyCounts())
				}
			})
		}
	}
}

// The time in which the application does not read is not the client's.
func TestSlowApplicationIsNoSlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &source{total: 1 << 20}
		g := newRig(func(w *fakeWorker) {
			got := w.read(1000).data
			<-time.After(time.Hour)
			rest, end := w.readAll(1 << 20)
			if end != wire.FlagEnd {
				t.Errorf("flags %d", end)
			}
			body.checkSame(t, append(got, rest...))
			w.respond(final, "200 OK", "ok")
		})
		g.opts.Bodies.MinRate, g.opts.Bodies.Grace, g.opts.Bodies.Stream = 1000, time.Second, everywhere
		if w, _ := g.do(post(body.total, body)); w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
	})
}

// The deadline for a body ends with it, while the application still runs.
func TestDeadlineEndsWithTheBody(t *testing.T) {
	for name, c := range map[string]struct {
		size    int64
		known   bool
		streams bool
	}{
		"small": {10, true, false}, "chunked": {10, false, false}, "in a file": {2 * inMemory, true, false},
		"chunked, in a file": {2 * inMemory, false, false}, "streams": {2 * inMemory, true, true},
	} {
		client := &deadlineRecorder{cut: func() {}}
		g, _ := newSpoolRig(t, 0, func(w *fakeWorker) {
			if w.body() == nil {
				w.readAll(1 << 20)
			}
			client.mu.Lock()
			defer client.mu.Unlock()
			if !client.last.IsZero() {
				t.Errorf("%s: the deadline stays on the connection", name)
			}
			client.last = time.Time{}
			defer w.respond(final, "200 OK", "")
		})
		if c.streams {
			g.opts.Bodies.Stream = everywhere
		}
		r := post(-1, prompt{&source{total: c.size}})
		if c.known {
			r.ContentLength = c.size
		}
		g.doOn(client, r)
		g.checkFreed(t)
	}
}

// Memory is for what has come, not for what was announced.
func TestAnnouncedBodiesCostNothing(t *testing.T) {
	come := strings.Repeat("x", 5000)
	s := &supply{body: io.NopCloser(strings.NewReader(come)), limits: &Bodies{}, length: 8 << 20, control: http.NewResponseController(httptest.NewRecorder())}
	b, err := s.appendWhole(make([]byte, 0, 100))
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != come || cap(b) > 32<<10 {
		t.Errorf("%d bytes, %v, room for %d", len(b), err, cap(b))
	}
}

func TestPieces(t *testing.T) {
	ps := &pieces{}
	p := ps.small()
	if p = ps.next(p, smallPiece-1); len(p) != smallPiece {
		t.Error("a large one for a client that did not fill the small one")
	}
	var all [][]byte
	for range maxLarge {
		all = append(all, ps.next(ps.small(), smallPiece))
	}
	if n := len(all[maxLarge-1]); n != largePiece {
		t.Errorf("the last has %d bytes", n)
	}
	if p = ps.next(p, smallPiece); len(p) != smallPiece {
		t.Error("more than there may be")
	}
	if l := ps.next(all[0], largePiece/2); len(l) != largePiece {
		t.Error("taken from one who uses it")
	}
	if l := ps.next(all[0], 1); len(l) != smallPiece {
		t.Error("left to one who does not use it")
	}
	if p = ps.next(p, smallPiece); len(p) != largePiece {
		t.Error("the one that was given back is not used")
	}
}
