package h2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// limit is how long anything may take before a test gives up.
const limit = 10 * time.Second

// The run fails on goroutines of connections that outlive the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	var leaked string
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); runtime.Gosched() {
		buf := make([]byte, 1<<20)
		leaked = string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(leaked, "internal/h2.(*") {
			leaked = ""
			break
		}
	}
	if code == 0 && leaked != "" {
		os.Stderr.WriteString("goroutines are left:\n" + leaked)
		code = 1
	}
	os.Exit(code)
}

// client speaks HTTP/2 frame by frame.
type client struct {
	*http2.Framer
	t       *testing.T
	net     net.Conn
	block   bytes.Buffer
	encoder *hpack.Encoder
}

// frame is what the server has sent; it stays.
type frame struct {
	http2.FrameHeader
	fields map[string]string // of HEADERS; of the same names the last
	data   []byte            // of DATA, PING, GOAWAY
	code   http2.ErrCode
	last   uint32 // of GOAWAY
	n      uint32 // of WINDOW_UPDATE
}

func (f frame) String() string {
	return fmt.Sprintf("%v %v %q %v", f.FrameHeader, f.fields, f.data, f.code)
}

// serving runs handler until the test ends.
func serving(t *testing.T, handler http.HandlerFunc) *Server {
	return &Server{Handler: handler, Logger: slog.New(slog.DiscardHandler)}
}

// dial connects, without a word.
func dial(t *testing.T, s *Server) *client {
	t.Helper()
	return dialPort(t, listening(t, s, nil))
}

func dialPort(t *testing.T, port int) *client {
	t.Helper()
	nc, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(limit))
	c := &client{Framer: http2.NewFramer(nc, nc), t: t, net: nc}
	c.AllowIllegalWrites = true
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.block)
	return c
}

// connect connects and says its settings, whose acknowledgement it awaits.
func connect(t *testing.T, s *Server, settings ...http2.Setting) *client {
	t.Helper()
	c := dial(t, s)
	c.greet(settings...)
	return c
}

func (c *client) greet(settings ...http2.Setting) {
	c.t.Helper()
	c.write([]byte(http2.ClientPreface))
	c.must(c.WriteSettings(settings...))
	c.await("the acknowledgement", func(f frame) bool { return f.Type == http2.FrameSettings && f.Flags == http2.FlagSettingsAck })
}

func (c *client) write(p []byte) {
	c.t.Helper()
	_, err := c.net.Write(p)
	c.must(err)
}

func (c *client) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// next reads a frame.
func (c *client) next() (f frame, err error) {
	read, err := c.ReadFrame()
	if err != nil {
		return f, err
	}
	f.FrameHeader = read.Header()
	switch read := read.(type) {
	case *http2.MetaHeadersFrame:
		f.fields = map[string]string{}
		for _, field := range read.Fields {
			f.fields[field.Name] = field.Value
		}
	case *http2.DataFrame:
		f.data = bytes.Clone(read.Data())
	case *http2.PingFrame:
		f.data = bytes.Clone(read.Data[:])
	case *http2.RSTStreamFrame:
		f.code = read.ErrCode
	case *http2.GoAwayFrame:
		f.code, f.last, f.data = read.ErrCode, read.LastStreamID, bytes.Clone(read.DebugData())
	case *http2.WindowUpdateFrame:
		f.n = read.Increment
	}
	return f, nil
}

// await reads until there is such a frame.
func (c *client) await(what string, is func(frame) bool) frame {
	c.t.Helper()
	for {
		f, err := c.next()
		if err != nil {
			c.t.Fatalf("%s: %v", what, err)
		}
		if is(f) {
			return f
		}
	}
}

// wantReset reads to the stream's RST_STREAM.
func (c *client) wantReset(stream uint32, code http2.ErrCode) {
	c.t.Helper()
	f := c.await("the reset", func(f frame) bool {
		return f.Type == http2.FrameRSTStream && f.StreamID == stream || f.Type == http2.FrameGoAway
	})
	if f.Type != http2.FrameRSTStream || f.code != code {
		c.t.Fatalf("got %v, want stream %d reset by %v", f, stream, code)
	}
}

// wantGoAway reads to the connection's end.
func (c *client) wantGoAway(code http2.ErrCode) {
	c.t.Helper()
	f := c.await("the GOAWAY", func(f frame) bool { return f.Type == http2.FrameGoAway })
	if f.code != code {
		c.t.Fatalf("got %v, want %v", f, code)
	}
	c.wantEnd()
}

func (c *client) wantEnd() {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				c.t.Fatal("the connection goes on")
			}
			return
		}
	}
}

// encode makes a field block.
func (c *client) encode(fields ...string) []byte {
	c.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		c.must(c.encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}))
	}
	return bytes.Clone(c.block.Bytes())
}

var get = []string{":method", "GET", ":scheme", "http", ":authority", "example.test", ":path", "/"}

var post = []string{":method", "POST", ":scheme", "http", ":authority", "example.test", ":path", "/"}

// ask sends a request's head, with more fields than those given.
func (c *client) ask(stream uint32, ends bool, fields []string, more ...string) {
	c.t.Helper()
	block := c.encode(append(append([]string{}, fields...), more...)...)
	c.must(c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndStream: ends, EndHeaders: true}))
}

// answer is a whole response.
type answer struct {
	status          string
	fields, trailer map[string]string
	body            string
	frames          int
}

// response reads a response; what comes for others is passed over.
func (c *client) response(stream uint32) (a answer) {
	c.t.Helper()
	for {
		f := c.await("the response", func(f frame) bool { return f.StreamID == stream || f.Type == http2.FrameGoAway })
		switch f.Type {
		case http2.FrameHeaders:
			if a.fields == nil || f.fields[":status"] != "" {
				a.status, a.fields = f.fields[":status"], f.fields
			} else {
				a.trailer = f.fields
			}
		case http2.FrameData:
			a.body += string(f.data)
		case http2.FrameRSTStream, http2.FrameGoAway:
			c.t.Fatalf("stream %d: %v", stream, f)
		}
		a.frames++
		if (f.Type == http2.FrameHeaders || f.Type == http2.FrameData) && f.Flags&http2.FlagDataEndStream != 0 {
			return a
		}
	}
}

// works says that the connection serves.
func (c *client) works(stream uint32) {
	c.t.Helper()
	c.ask(stream, true, get)
	if a := c.response(stream); a.status != "200" {
		c.t.Fatalf("got %v", a)
	}
}

func wait[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(limit):
		t.Fatalf("%s: nothing happened in %s", what, limit)
	}
	return v
}

func readAll(r io.Reader) string {
	p, err := io.ReadAll(r)
	if err != nil {
		return string(p) + "!" + err.Error()
	}
	return string(p)
}
