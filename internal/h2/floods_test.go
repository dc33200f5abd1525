package h2

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"highball/internal/h1"
)

// Each flood ends its connection, and costs the handlers next to nothing.
func TestFloods(t *testing.T) {
	var c *client
	frame := func(kind http2.FrameType, flags http2.Flags, stream uint32, payload ...byte) []byte {
		head := append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind)), byte(flags))
		return append(binary.BigEndian.AppendUint32(head, stream), payload...)
	}
	same := func(p []byte) func(int) []byte { return func(int) []byte { return p } }
	block := []byte{0x82, 0x86, 0x84, 0x41, 1, 'a'} // GET http://a/
	for name, flood := range map[string]struct {
		first []byte
		each  func(i int) []byte
	}{
		"rapid reset": {nil, func(i int) []byte {
			stream := uint32(2*i + 1)
			return append(frame(http2.FrameHeaders, 5, stream, block...), frame(http2.FrameRSTStream, 0, stream, 0, 0, 0, 8)...)
		}},
		"streams with faults": {nil, func(i int) []byte {
			stream := uint32(2*i + 1)
			return append(frame(http2.FrameHeaders, 5, stream, block...), frame(http2.FrameWindowUpdate, 0, stream, 0, 0, 0, 0)...)
		}},
		"malformed requests": {nil, func(i int) []byte { return frame(http2.FrameHeaders, 5, uint32(2*i+1), 0x82) }},
		"settings":           {nil, same(frame(http2.FrameSettings, 0, 0))},
		"pings":              {nil, same(frame(http2.FramePing, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))},
		"priorities":         {nil, same(frame(http2.FramePriority, 0, 1, 0, 0, 0, 0, 1))},
		"unknown frames":     {nil, same(frame(0x77, 0, 0))},
		"empty data":         {frame(http2.FrameHeaders, 4, 1, block...), same(frame(http2.FrameData, 0, 1))},
		"padding alone":      {frame(http2.FrameHeaders, 4, 1, block...), same(frame(http2.FrameData, 8, 1, 1, 0))},
		"windows":            {frame(http2.FrameHeaders, 4, 1, block...), same(frame(http2.FrameWindowUpdate, 0, 1, 0, 0, 0, 1))},
		"the window":         {nil, same(frame(http2.FrameWindowUpdate, 0, 0, 0, 0, 0, 1))},
		"continuations":      {frame(http2.FrameHeaders, 0, 1, block...), same(frame(http2.FrameContinuation, 0, 1, 0, 1, 'a', 1, 'b'))},
		"empty ones":         {frame(http2.FrameHeaders, 0, 1, block...), same(frame(http2.FrameContinuation, 0, 1))},
		"large ones":         {frame(http2.FrameHeaders, 0, 1, block...), same(frame(http2.FrameContinuation, 0, 1, make([]byte, 16<<10)...))},
		"data of the closed": {frame(http2.FrameHeaders, 5, 1, block...), same(frame(http2.FrameData, 0, 1, 'a'))},
	} {
		t.Run(name, func(t *testing.T) {
			var handled atomic.Int64
			s := serving(t, func(_ http.ResponseWriter, r *http.Request) {
				handled.Add(1)
				<-r.Context().Done()
			})
			told := make(chan *h1.Refusal, 100_000)
			s.Refused = func(_ net.Conn, r *h1.Refusal) { told <- r }
			c = connect(t, s)
			c.write(flood.first)
			go func(nc net.Conn) { // until the server has enough
				for i := range 1000 {
					if _, err := nc.Write(bytes.Join(pieces(100*i, 100, flood.each), nil)); err != nil {
						return
					}
				}
			}(c.net)
			c.wantCalm()
			if n := handled.Load(); n > 600 {
				t.Errorf("%d requests were handled", n)
			}
			calm := false
			for len(told) > 0 {
				calm = (<-told).Status == http.StatusTooManyRequests || calm
			}
			if !calm {
				t.Error("nobody was told")
			}
		})
	}
}

func pieces(from, n int, each func(int) []byte) (all [][]byte) {
	for i := range n {
		all = append(all, each(from+i))
	}
	return all
}

// wantCalm reads to the end, which the GOAWAY may not survive: the client goes on sending.
func (c *client) wantCalm() {
	c.t.Helper()
	for {
		f, err := c.next()
		var timeout net.Error
		if e, ok := err.(net.Error); ok {
			timeout = e
		}
		switch {
		case timeout != nil && timeout.Timeout():
			c.t.Fatal("the connection goes on")
		case err != nil:
			return
		case f.Type == http2.FrameGoAway && f.code != http2.ErrCodeEnhanceYourCalm:
			c.t.Fatalf("got %v", f)
		}
	}
}

// Requests that are taken back at once are not even begun.
func TestTakenBackAtOnce(t *testing.T) {
	var handled atomic.Int64
	c := connect(t, serving(t, func(http.ResponseWriter, *http.Request) { handled.Add(1) }))
	var all []byte
	block := c.encode(get...)
	for i := range uint32(100) {
		head := append(binary.BigEndian.AppendUint32(nil, uint32(len(block))<<8|1), 5)
		all = append(append(binary.BigEndian.AppendUint32(append(all, head...), 2*i+1), block...), 0, 0, 4, 3, 0)
		all = append(binary.BigEndian.AppendUint32(all, 2*i+1), 0, 0, 0, 8)
	}
	c.write(all)
	c.works(1001)
	if n := handled.Load(); n > 20 { // what one read has brought is looked at first
		t.Errorf("%d of 100 were begun", n)
	}
}

// Handlers of streams that were reset count: nobody has more at work than the limit.
func TestHandlersOfResetStreamsCount(t *testing.T) {
	var running atomic.Int64
	release, began := make(chan struct{}), make(chan struct{}, 100)
	s := serving(t, func(http.ResponseWriter, *http.Request) {
		running.Add(1)
		began <- struct{}{}
		<-release
	})
	s.MaxStreams = 10
	c := connect(t, s)
	for i := range uint32(10) {
		c.ask(2*i+1, true, get)
		wait(t, "the handler", began)
		c.must(c.WriteRSTStream(2*i+1, http2.ErrCodeCancel))
	}
	c.ask(101, true, get)
	c.wantReset(101, http2.ErrCodeRefusedStream)
	if n := running.Load(); n != 10 {
		t.Errorf("%d handlers", n)
	}
	close(release)
}

// A client that asks for answers and takes none is cut.
func TestUnreadAnswers(t *testing.T) {
	s := serving(t, hello)
	s.WriteTimeout = time.Hour
	server, nc := net.Pipe() // which holds nothing
	ended := make(chan struct{})
	go func() {
		s.ServeConn(t.Context(), server, nil)
		close(ended)
	}()
	_ = nc.SetWriteDeadline(time.Now().Add(limit))
	fr := http2.NewFramer(nc, nil)
	_, err := nc.Write([]byte(http2.ClientPreface))
	for range 100_000 {
		if err = fr.WritePing(false, [8]byte{}); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("all was taken")
	}
	wait(t, "the end", ended)
}

// Whatever they are for: what waits to be written has a bound.
func TestMostPending(t *testing.T) {
	server, nc := net.Pipe()
	defer nc.Close()
	c := serving(t, hello).newConn(t.Context(), server, nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.output.flushing = true // and gets nowhere
	for n := 0; c.leaving.why == nil; n++ {
		if c.answerWith(appendReset(c.output.room(c.server), 1, cancel)); len(c.output.pending) > mostPending+20 {
			t.Fatalf("%d bytes wait", len(c.output.pending))
		}
	}
	if c.leaving.why.code != enhanceYourCalm || len(c.output.pending) < mostPending {
		t.Errorf("%v at %d bytes", c.leaving.why, len(c.output.pending))
	}
}

// A table that is larger than was said ends the connection, and so does a bomb: fields
// that are small on the wire and large in memory are a head that is too large.
func TestHPACK(t *testing.T) {
	c := connect(t, serving(t, hello))
	c.ask(1, true, append(append([]string{}, get...), "x-bomb", strings.Repeat("b", 3000)))
	c.response(1)
	bomb := append(append([]string{}, get...), "x-bomb", strings.Repeat("b", 3000))
	for range 6 {
		bomb = append(bomb, bomb...)
	}
	c.ask(3, true, append(append([]string{}, get...), bomb[8:]...))
	if a := c.response(3); a.status != "431" {
		t.Errorf("got %v", a.status)
	}
	c.encoder.SetMaxDynamicTableSizeLimit(1 << 20)
	c.encoder.SetMaxDynamicTableSize(1 << 20)
	c.ask(5, true, get)
	c.wantGoAway(http2.ErrCodeCompression)
}
