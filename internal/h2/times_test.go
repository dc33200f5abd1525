package h2

import (
	"io"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// A drain tells the client twice, serves what is on its way in between, and what it has
// begun; then the connection ends.
func TestDrain(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	s := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		began <- struct{}{}
		<-release
		_, _ = io.WriteString(w, "served")
	})
	s.Linger = time.Hour
	c := connect(t, s)
	c.ask(1, true, get)
	wait(t, "the handler", began)
	s.Drain()
	f := c.await("the first GOAWAY", func(f frame) bool { return f.Type == http2.FrameGoAway })
	if f.code != http2.ErrCodeNo || f.last != maxID {
		t.Errorf("got %v, last %d", f, f.last)
	}
	c.ask(3, true, get) // on its way by then
	wait(t, "the handler", began)
	f = c.await("the PING", func(f frame) bool { return f.Type == http2.FramePing })
	c.must(c.WritePing(true, [8]byte(f.data)))
	f = c.await("the second GOAWAY", func(f frame) bool { return f.Type == http2.FrameGoAway })
	if f.code != http2.ErrCodeNo || f.last != 3 {
		t.Errorf("got %v, last %d", f, f.last)
	}
	c.ask(5, true, get) // too late
	close(release)
	for range 2 {
		f := c.await("the answers", func(f frame) bool { return f.Type == http2.FrameData })
		if string(f.data) != "served" {
			t.Errorf("got %v", f)
		}
	}
	c.wantEnd()
}

// What was not taken after the last GOAWAY no later one claims to be (RFC 9113 6.8): its
// client would not ask elsewhere.
func TestNoGoAwayTakesBackAnother(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	s := serving(t, func(http.ResponseWriter, *http.Request) {
		began <- struct{}{}
		<-release
	})
	s.Linger = time.Hour
	c := connect(t, s)
	c.ask(1, true, get)
	wait(t, "the handler", began)
	s.Drain()
	f := c.await("the PING", func(f frame) bool { return f.Type == http2.FramePing })
	c.must(c.WritePing(true, [8]byte(f.data)))
	c.await("the second GOAWAY", func(f frame) bool { return f.Type == http2.FrameGoAway && f.last == 1 })
	c.ask(3, true, get) // too late
	c.must(c.WriteRawFrame(http2.FramePing, 0, 1, make([]byte, 8)))
	f = c.await("a third", func(f frame) bool { return f.Type == http2.FrameGoAway })
	if f.code != http2.ErrCodeProtocol || f.last != 1 {
		t.Errorf("got %v, last %d", f, f.last)
	}
	close(release)
}

// A client that does not say that it has heard of the drain has a moment for it; one
// that connects during a drain is served once.
func TestDrainOfTheSilent(t *testing.T) {
	s := serving(t, hello)
	s.Linger = 50 * time.Millisecond
	port := listening(t, s, nil)
	idle := dialPort(t, port)
	idle.greet()
	s.Drain()
	idle.wantGoAway(http2.ErrCodeNo)
	late := dialPort(t, port)
	late.greet()
	late.ask(1, true, get)
	late.await("the answer", func(f frame) bool { return f.Type == http2.FrameData })
	late.wantEnd()
	silent := dialPort(t, port)
	silent.greet()
	silent.wantGoAway(http2.ErrCodeNo)
}

// Nothing asked, no preface, half a frame, half a head: each has its time.
func TestTimes(t *testing.T) {
	const short = 30 * time.Millisecond
	for name, test := range map[string]struct {
		idle, head time.Duration
		does       func(c *client)
		code       http2.ErrCode
	}{
		"idle":         {short, time.Hour, func(c *client) { c.greet(); c.works(1) }, http2.ErrCodeNo},
		"never asked":  {short, time.Hour, func(c *client) { c.greet() }, http2.ErrCodeNo},
		"no preface":   {time.Hour, short, func(c *client) {}, http2.ErrCodeEnhanceYourCalm},
		"half of it":   {time.Hour, short, func(c *client) { c.write([]byte(preface[:10])) }, http2.ErrCodeEnhanceYourCalm},
		"no settings":  {time.Hour, short, func(c *client) { c.write([]byte(preface)) }, http2.ErrCodeEnhanceYourCalm},
		"half a frame": {time.Hour, short, func(c *client) { c.greet(); c.write([]byte{0, 0, 8, 6}) }, http2.ErrCodeEnhanceYourCalm},
		"half a head": {time.Hour, short, func(c *client) {
			c.greet()
			c.must(c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(get...)}))
		}, http2.ErrCodeEnhanceYourCalm},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t, hello)
			s.IdleTimeout, s.HeadTimeout = test.idle, test.head
			c := dial(t, s)
			test.does(c)
			c.wantGoAway(test.code)
		})
	}
}

// Neither a long request, nor half a DATA frame, is idle or a head.
func TestTimesThatAreNotMeant(t *testing.T) {
	release := make(chan struct{})
	s := serving(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-release })
	s.IdleTimeout, s.HeadTimeout = 20*time.Millisecond, 20*time.Millisecond
	c := connect(t, s)
	c.ask(1, false, post)
	c.write([]byte{0, 0, 8, 0, 1, 0, 0, 0, 1, 'h', 'a', 'l', 'f'})
	<-time.After(150 * time.Millisecond)
	c.write([]byte("done"))
	close(release)
	if a := c.response(1); a.status != "200" {
		t.Errorf("got %+v", a)
	}
}

// Who is told of a connection knows whether something is asked on it.
func TestWatcher(t *testing.T) {
	w := &watched{make(chan string, 10)}
	s := serving(t, hello)
	s.Watch = w.of
	c := connect(t, s)
	says := func(states ...string) {
		for _, want := range states {
			if got := wait(t, want, w.states); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	says("active", "idle")
	c.works(1)
	says("active", "idle")
	c.write([]byte{0, 0, 0, 6, 0, 0, 0, 0, 0}) // PING without its 8 bytes
	says("closing")
}
