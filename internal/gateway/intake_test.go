package gateway

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/wire"
)

// source is a request body that counts what is taken of it.
type source struct {
	mu    sync.Mutex
	total int64 // bytes that it has
	taken int64
}

func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken == s.total {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.total-s.taken))
	for i := range p[:n] {
		p[i] = byte((s.taken + int64(i)) % 251)
	}
	s.taken += int64(n)
	return n, nil
}

func (*source) Close() error { return nil }

func (s *source) read() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func (s *source) checkSame(t *testing.T, got []byte) {
	t.Helper()
	want, _ := io.ReadAll(&source{total: s.total})
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived, of %d, or not the same", len(got), len(want))
	}
}

// Nothing is read before the application asks: reading sends "100 Continue". What
// it leaves alone is read after the response, if it is short and on its way.
func TestNothingIsReadUnasked(t *testing.T) {
	expecting := post(10, &source{total: 10})
	expecting.Header.Set("Expect", "100-continue")
	for name, c := range map[string]struct {
		r       *http.Request
		drained int64
	}{
		"large":   {post(1<<20, &source{total: 1 << 20}), 0},
		"chunked": {post(-1, &source{total: 10}), 10},
		"expects": {expecting, 0},
	} {
		body := c.r.Body.(*source)
		synctest.Test(t, func(t *testing.T) {
			g := newRig(func(w *fakeWorker) {
				<-time.After(time.Hour) // virtual: all that could read has had its chance
				if body.read() != 0 || w.body() != nil {
					t.Errorf("%s: %d bytes were read", name, body.read())
				}
				w.respond(final, "200 OK", "ok")
			})
			g.opts.Bodies.Stream = everywhere
			stopped := 0
			g.opts.ClosesInOrder = closesInOrder(&stopped, true)
			w, aborted := g.do(c.r)
			if w.Body.String() != "ok" || aborted || body.read() != c.drained {
				t.Errorf("%s: %q, aborted %v, %d bytes read", name, w.Body, aborted, body.read())
			}
			if (stopped == 0) != (c.drained == body.total) {
				t.Errorf("%s: the connection was stopped %d times", name, stopped)
			}
			g.checkFreed(t)
		})
	}
}

// A small one travels with the request.
func TestSmallBodyIsInline(t *testing.T) {
	for _, n := range []int64{1, 1000, inMemory} {
		body := &source{total: n}
		g := newRig(func(w *fakeWorker) {
			body.checkSame(t, w.body())
			w.respond(final, "200 OK", "")
		})
		g.do(post(n, body))
		g.checkFreed(t)
	}
}

func TestStreamedBody(t *testing.T) {
	for _, length := range []int64{inMemory + 1, -1} {
		body := &source{total: 1 << 20}
		if length > 0 {
			body.total = length
		}
		var got []byte
		g := newRig(func(w *fakeWorker) {
			var end wire.Flags
			got, end = w.readAll(10000)
			if end != wire.FlagEnd {
				t.Errorf("it ended with flags %d", end)
			}
			if again := w.read(100); len(again.data) > 0 || again.flags != wire.FlagEnd {
				t.Errorf("after its end: %v", again)
			}
			w.respond(final, "200 OK", "")
		})
		if _, aborted := g.do(post(length, body)); aborted {
			t.Error("aborted")
		}
		body.checkSame(t, got)
		g.checkFreed(t)
	}
}

// While the application does not take it, no more than the window and one chunk
// is held.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &source{total: 4 << 20}
		var got []byte
		g := newRig(func(w *fakeWorker) {
			for range 20 {
				got = append(got, w.read(50000).data...)
				synctest.Wait()
				if ahead := body.read() - int64(len(got)); ahead > window+64<<10 {
					t.Errorf("%d bytes are held", ahead)
				}
			}
			rest, _ := w.readAll(1 << 20)
			got = append(got, rest...)
			w.respond(final, "200 OK", "")
		})
		g.do(post(body.total, body))
		body.checkSame(t, got)
	})
}

// slowWriter is a client that takes nothing until it is let.
type slowWriter struct {
	plainRecorder
	open chan struct{}
}

func (w *slowWriter) Write(p []byte) (int, error) {
	<-w.open
	return w.plainRecorder.Write(p)
}

// A client that reads only after it has sent everything: its request is read on
// into a file while the response is stuck, and none of it is lost.
func TestSpill(t *testing.T) {
	store := newStore(t, 0)
	synctest.Test(t, func(t *testing.T) {
		body := &source{total: 3 << 20}
		var got []byte
		g := newRig(func(w *fakeWorker) {
			got = w.read(1000).data
			w.respond(0, "200 OK", "stu")
			w.block(0, "ck") // for which there is no room
			rest, _ := w.readAll(1 << 20)
			got = append(got, rest...)
			w.block(final, "")
		})
		g.opts.Bodies.Store = store
		g.opts.ResponseMemory = 0
		w := &slowWriter{open: make(chan struct{})}
		ended := make(chan bool)
		go func() { ended <- g.doOn(w, post(body.total, body)) }()
		synctest.Wait()
		if held := body.read(); held > 1000+window+64<<10 {
			t.Errorf("%d bytes were read at once", held)
		}
		<-time.After(2*spillAfter + quickClient)
		synctest.Wait()
		if body.read() != body.total {
			t.Errorf("%d of %d bytes were read while the response was stuck", body.read(), body.total)
		}
		if held := store.Stats(); held.Open != 1 || held.Held < 2<<20 {
			t.Errorf("the store has %+v", held)
		}
		close(w.open)
		if aborted := <-ended; aborted || w.body.String() != "stuck" {
			t.Errorf("aborted %v, %q", aborted, w.body.String())
		}
		body.checkSame(t, got)
		g.checkFreed(t)
		checkEmpty(t, store)
	})
}

// A timer that fires as the write ends must not let the front read without bound,
// nor read what nobody has asked for.
func TestLateSpillTimer(t *testing.T) {
	body := &source{total: 1 << 20}
	r := post(body.total, body)
	s := newSupply(httptest.NewRecorder(), r, &Bodies{})
	in := newIntake(&s, r, nil)
	in.sending()
	in.sent()
	in.spill()
	if in.stuck || in.started {
		t.Errorf("stuck %v, started %v", in.stuck, in.started)
	}
	in.end()
}

func TestSpillIsBounded(t *testing.T) {
	b := spillBuffer{store: newStore(t, 0), most: 10}
	defer b.close()
	b.mem = make([]byte, window)
	for range 2 {
		if err := b.put([]byte("eleven bytes"), true); err != nil {
			t.Fatal(err)
		}
		b.most = 100
	}
	b.most = 10
	if err := b.put([]byte("x"), true); err != errSpillFull {
		t.Errorf("got %v", err)
	}
}

// A body that was read in part cannot be followed by another request.
func TestUnreadBody(t *testing.T) {
	for _, stops := range []bool{true, false} {
		body := &source{total: 1 << 20}
		g := newRig(func(w *fakeWorker) {
			w.read(10)
			w.respond(final, "200 OK", "ok")
		})
		asked := 0
		g.opts.ClosesInOrder = closesInOrder(&asked, stops)
		w, aborted := g.do(post(body.total, body))
		if w.Body.String() != "ok" || asked != 1 || aborted == stops {
			t.Errorf("%q, asked %d times, aborted %v", w.Body, asked, aborted)
		}
		g.checkFreed(t)
	}
}

// One that waits for the client is woken.
func TestUnreadBodyOfSilentClient(t *testing.T) {
	r, quiet := io.Pipe()
	control := &deadlineRecorder{cut: func() { _ = quiet.CloseWithError(os.ErrDeadlineExceeded) }}
	g := newRig(func(w *fakeWorker) {
		go func() { _, _ = quiet.Write([]byte("abc")) }()
		w.read(10)
		w.respond(final, "200 OK", "ok")
	})
	g.opts.Bodies.Stream = everywhere
	asked := 0
	g.opts.ClosesInOrder = closesInOrder(&asked, true)
	if g.doOn(control, post(-1, r)) || asked != 1 || control.body.String() != "ok" {
		t.Errorf("%q, asked %d times", control.body.String(), asked)
	}
	if !control.last.IsZero() {
		t.Error("the deadline stays on the connection")
	}
	g.checkFreed(t)
}

// deadlineRecorder cuts the body where a deadline has passed.
type deadlineRecorder struct {
	plainRecorder
	cut  func()
	mu   sync.Mutex
	last time.Time
}

func (w *deadlineRecorder) SetReadDeadline(at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = at
	if !at.IsZero() && time.Until(at) <= 0 {
		w.cut()
	}
	return nil
}

// An application that goes on reading after its client has left is told so.
func TestReadAfterTheClientLeft(t *testing.T) {
	g := newRig(func(w *fakeWorker) {
		w.respond(0, "200 OK", "a")
		w.block(0, strings.Repeat("b", 100))
		<-w.call.left
		if body := w.read(10); body.flags != wire.FlagAbort || len(body.data) > 0 {
			t.Errorf("got %v", body)
		}
		w.block(wire.FlagEnd, "")
		if body := w.read(10); body.flags != wire.FlagAbort {
			t.Errorf("in close(): %v", body)
		}
		w.done()
	})
	g.doOn(&plainRecorder{limit: 50}, post(1<<20, &source{total: 1 << 20}))
	g.checkFreed(t)
}
