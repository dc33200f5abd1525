package h2

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// FuzzFrames feeds a connection with anything. It has to end with its client, and to
// answer in well-formed frames, of which no stream has any behind its end.
func FuzzFrames(f *testing.F) {
	block := "\x82\x86\x84\x41\x01a"
	for _, seed := range []string{
		"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"\x00\x00\x06\x01\x05\x00\x00\x00\x01" + block,
		"\x00\x00\x06\x01\x04\x00\x00\x00\x01" + block + "\x00\x00\x02\x00\x01\x00\x00\x00\x01ab",
		"\x00\x00\x06\x01\x00\x00\x00\x00\x01" + block + "\x00\x00\x00\x09\x04\x00\x00\x00\x01",
		"\x00\x00\x06\x01\x05\x00\x00\x00\x01" + block + "\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08",
		"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00" + "\x00\x00\x06\x01\x05\x00\x00\x00\x01" + block +
			"\x00\x00\x04\x08\x00\x00\x00\x00\x01\x00\x00\x00\x05",
		"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678" + "\x00\x00\x05\x02\x00\x00\x00\x00\x03\x00\x00\x00\x01\x05",
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, frames []byte, borrows bool) {
		s := &Server{Handler: http.HandlerFunc(echo), Borrows: borrows, Logger: slog.New(slog.DiscardHandler), WriteTimeout: 5 * time.Millisecond}
		nc := &script{in: bytes.NewReader(append([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"), frames...))}
		ended := make(chan struct{})
		go func() {
			s.ServeConn(t.Context(), nc, []byte(preface))
			close(ended)
		}()
		wait(t, "the end", ended)
		checkFrames(t, nc.out.Bytes())
	})
}

func checkFrames(t *testing.T, sent []byte) {
	fr := http2.NewFramer(nil, bytes.NewReader(sent))
	over := map[uint32]bool{}
	for {
		f, err := fr.ReadFrame()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("the server sends no frame: %v", err)
		}
		h := f.Header()
		ends := h.Type == http2.FrameRSTStream || (h.Type == http2.FrameData || h.Type == http2.FrameHeaders) && h.Flags&1 != 0
		if h.StreamID != 0 && over[h.StreamID] && h.Type != http2.FrameRSTStream && h.Type != http2.FrameWindowUpdate {
			t.Fatalf("%v behind the end of its stream", h)
		}
		over[h.StreamID] = over[h.StreamID] || ends
	}
}

// script is a connection whose client says something and leaves.
type script struct {
	net.Conn
	in *bytes.Reader

	mu  sync.Mutex
	out bytes.Buffer
}

func (c *script) Read(p []byte) (int, error) { return c.in.Read(p) }

func (c *script) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(p)
}

func (*script) Close() error                     { return nil }
func (*script) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 50000} }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }
