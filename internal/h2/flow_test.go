package h2

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

func window(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingInitialWindowSize, Val: n}
}

// data reads DATA of the streams until so many bytes have come.
func (c *client) data(n int) (of map[uint32]int, order []uint32) {
	c.t.Helper()
	of = map[uint32]int{}
	for total := 0; total < n; {
		f := c.await("the data", func(f frame) bool { return f.Type == http2.FrameData })
		of[f.StreamID] += len(f.data)
		order = append(order, f.StreamID)
		total += len(f.data)
	}
	return of, order
}

func sends(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, n)) }
}

// quiet says that nothing but the answer to a PING comes.
func (c *client) quiet() {
	c.t.Helper()
	c.must(c.WritePing(false, [8]byte{7}))
	c.await("the answer", func(f frame) bool {
		if f.Type == http2.FrameData {
			c.t.Fatalf("more than the window: %v", f.FrameHeader)
		}
		return f.Type == http2.FramePing
	})
}

// Responses wait for the client's windows: the stream's and the connection's, and of the
// former what its settings make of it (RFC 9113 6.9.2).
func TestResponsesWaitForWindows(t *testing.T) {
	c := connect(t, serving(t, sends(200<<10)), window(10))
	c.ask(1, true, get)
	c.data(10)
	c.quiet()
	c.must(c.WriteWindowUpdate(1, 20))
	c.data(20)
	c.quiet()
	c.must(c.WriteSettings(window(0)))
	c.must(c.WriteWindowUpdate(1, 5)) // it is at -5 now
	c.quiet()
	c.must(c.WriteWindowUpdate(1, 10))
	c.data(5)
	c.quiet()
	c.must(c.WriteSettings(window(1 << 20)))
	c.data(65535 - 35)
	c.quiet()
	c.must(c.WriteWindowUpdate(0, 1<<20))
	c.data(200<<10 - 65535)
}

// A stream that is not taken stands in the way of no other.
func TestStreamsShareFairly(t *testing.T) {
	c := connect(t, serving(t, sends(300<<10)), window(1<<20))
	c.ask(1, true, get)
	c.data(65535)
	for _, stream := range []uint32{3, 5} {
		c.ask(stream, true, get)
		c.await("the head", func(f frame) bool { return f.Type == http2.FrameHeaders && f.StreamID == stream })
	}
	c.quiet()
	c.must(c.WriteWindowUpdate(0, 90*1024))
	of, _ := c.data(90 * 1024)
	for _, stream := range []uint32{1, 3, 5} {
		if of[stream] < 16<<10 || of[stream] > 48<<10 {
			t.Errorf("of %d: %d bytes of 90 KiB", stream, of[stream])
		}
	}
	c.must(c.WriteRSTStream(1, http2.ErrCodeCancel)) // it had the next turn, perhaps
	c.must(c.WriteWindowUpdate(0, 1<<20))
	c.data(2*300<<10 - of[3] - of[5])
}

// Who gives no window keeps a stream for so long, and the others serve.
func TestStreamThatIsNotTaken(t *testing.T) {
	s := serving(t, hello)
	s.WriteTimeout = 50 * time.Millisecond
	c := connect(t, s, window(5))
	c.ask(1, true, get)
	c.wantReset(1, http2.ErrCodeInternal)
	c.must(c.WriteSettings(window(100)))
	c.works(3)
}

// Nor does one that takes a little now and then lose it, however slow its application.
func TestStreamThatIsTakenSlowly(t *testing.T) {
	s := serving(t, func(w http.ResponseWriter, r *http.Request) {
		sends(400)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-time.After(200 * time.Millisecond)
	})
	s.WriteTimeout = 80 * time.Millisecond
	c := connect(t, s, window(20))
	c.ask(1, true, get)
	often := time.NewTicker(10 * time.Millisecond)
	defer often.Stop()
	for range 19 {
		<-often.C
		c.must(c.WriteWindowUpdate(1, 20))
	}
	if a := c.response(1); len(a.body) != 400 {
		t.Errorf("%d bytes came", len(a.body))
	}
}

// Who waits already has its turn before who comes.
func TestTurnsAreInOrder(t *testing.T) {
	server, nc := net.Pipe()
	defer nc.Close()
	c := serving(t, hello).newConn(t.Context(), server, nil)
	other, st := c.newStream(1), c.newStream(3)
	other.queued, c.flow.queue = true, []*stream{other}
	turn := make(chan int, 1)
	go func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		n, _ := c.turn(st, 10)
		turn <- n
	}()
	for queued := false; !queued; runtime.Gosched() {
		c.mu.Lock()
		queued = len(c.flow.queue) == 2
		c.mu.Unlock()
		if len(turn) > 0 {
			t.Fatal("it did not wait")
		}
	}
	c.mu.Lock()
	c.leaveQueue(other)
	c.mu.Unlock()
	if n := wait(t, "the turn", turn); n != 10 {
		t.Errorf("%d bytes of 10", n)
	}
}

// A client that takes not even what the server says of itself is cut.
func TestServerThatIsNotHeard(t *testing.T) {
	s := serving(t, hello)
	s.WriteTimeout = 30 * time.Millisecond
	server, nc := net.Pipe() // which holds nothing
	defer nc.Close()
	ended := make(chan struct{})
	go func() {
		s.ServeConn(t.Context(), server, nil)
		close(ended)
	}()
	wait(t, "the end", ended)
}

// A client that takes nothing of the connection is cut, and its handlers are told.
func TestConnectionThatIsNotTaken(t *testing.T) {
	errs := make(chan error, 1)
	s := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.CopyN(w, zeros{}, 1<<30)
		errs <- err
	})
	s.WriteTimeout = 50 * time.Millisecond
	c := connect(t, s, window(1<<30))
	c.must(c.WriteWindowUpdate(0, 1<<30))
	c.ask(1, true, get)
	if wait(t, "the handler", errs) == nil {
		t.Error("all was taken")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
