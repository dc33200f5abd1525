package h2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// echo answers with what it reads, and what came behind it.
func echo(w http.ResponseWriter, r *http.Request) {
	body := readAll(r.Body)
	_, _ = fmt.Fprint(w, body, r.Trailer)
}

func TestBodies(t *testing.T) {
	c := connect(t, serving(t, echo))
	c.ask(1, false, post, "content-length", "10", "trailer", "x-sum, content-length")
	c.must(c.WriteData(1, false, []byte("hello, ")))
	c.must(c.WriteDataPadded(1, false, []byte("wor"), make([]byte, 50)))
	c.ask(1, true, nil, "x-sum", "7", "x-unannounced", "8")
	if a := c.response(1); a.body != "hello, wormap[X-Sum:[7]]" {
		t.Errorf("got %+v", a)
	}
	c.ask(3, false, post)
	c.must(c.WriteData(3, true, nil))
	if a := c.response(3); a.body != "map[]" {
		t.Errorf("got %+v", a)
	}
}

// A Content-Length that is not true resets the stream (RFC 9113 8.1.1).
func TestFalseLengths(t *testing.T) {
	errs, began := make(chan string, 3), make(chan struct{})
	c := connect(t, serving(t, func(_ http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		errs <- readAll(r.Body)
	}))
	for i, last := range []string{"lon", "long, too long", ""} {
		stream := uint32(2*i + 1)
		c.ask(stream, false, post, "content-length", "5")
		wait(t, "the handler", began)
		if last == "" {
			c.ask(stream, true, nil, "x-trailer", "1")
		} else {
			c.must(c.WriteData(stream, true, []byte(last)))
		}
		c.wantReset(stream, http2.ErrCodeProtocol)
		if got := wait(t, "the handler", errs); !strings.Contains(got, "!") {
			t.Errorf("%q: the handler has %q for whole", last, got)
		}
	}
}

// What comes behind a body is checked as a head is.
func TestMalformedTrailers(t *testing.T) {
	c := connect(t, serving(t, echo))
	for i, field := range []string{":path", "X-Upper", "x no", "connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection", "te"} {
		stream := uint32(2*i + 1)
		c.ask(stream, false, post)
		c.ask(stream, true, nil, field, "1")
		c.wantReset(stream, http2.ErrCodeProtocol)
	}
	c.ask(99, false, post)
	c.ask(99, false, nil, "x-trailer", "1")
	c.wantReset(99, http2.ErrCodeProtocol)
}

// A client may send what its handler has room for, and no more before that is read.
func TestWindowOpensAsTheHandlerReads(t *testing.T) {
	read := make(chan int)
	s := serving(t, func(_ http.ResponseWriter, r *http.Request) {
		for n := range read {
			_, _ = io.CopyN(io.Discard, r.Body, int64(n))
		}
	})
	s.StreamBuffer = 64 << 10
	defer close(read)
	c := connect(t, s)
	c.ask(1, false, post)
	piece := make([]byte, 16<<10)
	for range 4 {
		c.must(c.WriteData(1, false, piece))
	}
	read <- 15 << 10
	c.must(c.WritePing(false, [8]byte{1}))
	c.await("the answer", func(f frame) bool {
		if f.Type == http2.FrameWindowUpdate && f.StreamID == 1 {
			t.Errorf("a window opens: %v", f)
		}
		return f.Type == http2.FramePing
	})
	read <- 1 << 10
	f := c.await("the window", func(f frame) bool { return f.Type == http2.FrameWindowUpdate && f.StreamID == 1 })
	if f.n != 16<<10 {
		t.Errorf("it opens by %d", f.n)
	}
	c.must(c.WriteData(1, false, piece))
	c.must(c.WriteData(1, false, []byte{1})) // one too many
	c.wantReset(1, http2.ErrCodeFlowControl)
}

// The connection's window is no less than those of all its streams.
func TestConnectionWindow(t *testing.T) {
	s := serving(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s.StreamBuffer, s.MaxStreams = 64<<10, 4
	c := connect(t, s)
	for i := range uint32(4) {
		c.ask(2*i+1, false, post)
		for range 4 {
			c.must(c.WriteData(2*i+1, false, make([]byte, 16<<10)))
		}
	}
	c.must(c.WriteData(1, false, []byte{1}))
	c.wantGoAway(http2.ErrCodeFlowControl)
}

func TestExpectContinue(t *testing.T) {
	c := connect(t, serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			echo(w, r)
		}
	}))
	c.ask(1, false, post, "expect", "100-continue")
	f := c.await("the 100", func(f frame) bool { return f.Type == http2.FrameHeaders })
	if f.fields[":status"] != "100" {
		t.Errorf("got %v", f)
	}
	c.must(c.WriteData(1, true, []byte("hello")))
	if a := c.response(1); a.status != "200" || a.body != "hellomap[]" {
		t.Errorf("got %+v", a)
	}
	c.ask(3, false, []string{":method", "POST", ":scheme", "http", ":authority", "a.test", ":path", "/no"}, "expect", "100-continue")
	if a := c.response(3); a.status != "200" || a.frames != 1 {
		t.Errorf("got %+v", a)
	}
}

// A reset ends the request's context and what is read of its body.
func TestResetIsNoticed(t *testing.T) {
	errs, began := make(chan error, 2), make(chan struct{})
	c := connect(t, serving(t, func(_ http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		_, err := io.ReadAll(r.Body)
		errs <- err
		<-r.Context().Done()
		errs <- r.Context().Err()
	}))
	c.ask(1, false, post)
	wait(t, "the handler", began)
	c.must(c.WriteData(1, false, []byte("hel")))
	c.must(c.WriteRSTStream(1, http2.ErrCodeCancel))
	if err := wait(t, "the read", errs); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("reading: %v", err)
	}
	if wait(t, "the context", errs) == nil {
		t.Error("the context goes on")
	}
	c.ask(3, false, post)
	wait(t, "the handler", began)
	_ = c.net.Close()
	wait(t, "the read", errs)
	wait(t, "the context", errs)
}

func TestDeadlines(t *testing.T) {
	errs := make(chan error, 2)
	c := connect(t, serving(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, err := r.Body.Read(make([]byte, 1))
		errs <- err
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_, err = w.Write(make([]byte, 100<<10))
		errs <- err
	}))
	c.ask(1, false, post)
	for _, what := range []string{"reading", "writing"} {
		if err := wait(t, what, errs); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.wantReset(1, http2.ErrCodeInternal)
}

// Large bodies both ways at once, of many streams, through net/http's client.
func TestEchoes(t *testing.T) {
	s := serving(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	s.Borrows = true
	client, url := netClient(t, s)
	body := bytes.Repeat([]byte("0123456789"), 200_000)
	done := make(chan error, 20)
	for range cap(done) {
		go func() {
			response, err := client.Post(url, "a/b", bytes.NewReader(body))
			if err == nil {
				defer response.Body.Close()
				var got []byte
				if got, err = io.ReadAll(response.Body); err == nil && !bytes.Equal(got, body) {
					err = fmt.Errorf("%d bytes came back", len(got))
				}
			}
			done <- err
		}()
	}
	for range cap(done) {
		if err := wait(t, "an echo", done); err != nil {
			t.Error(err)
		}
	}
}

// netClient is net/http's.
func netClient(t *testing.T, s *Server) (client *http.Client, url string) {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: limit}, fmt.Sprintf("http://127.0.0.1:%d/", listening(t, s, nil))
}

// Padding takes windows as data does, and is given back though nobody reads it.
func TestPaddingIsGivenBack(t *testing.T) {
	s := serving(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	s.StreamBuffer, s.MaxStreams = 64<<10, 1
	c := connect(t, s)
	c.ask(1, false, post)
	for range 8 { // batches of a quarter of both windows
		for range 64 {
			c.must(c.WriteDataPadded(1, false, []byte{1}, make([]byte, 255)))
		}
		opened := map[uint32]bool{}
		c.await("both windows", func(f frame) bool {
			opened[f.StreamID] = opened[f.StreamID] || f.Type == http2.FrameWindowUpdate
			return f.Type == http2.FrameGoAway || opened[0] && opened[1]
		})
	}
	c.must(c.WriteData(1, true, nil))
	if a := c.response(1); a.status != "200" {
		t.Errorf("got %+v", a)
	}
}
