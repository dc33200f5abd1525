package h2

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"highball/internal/h1"
)

func TestSmallResponseIsTwoFrames(t *testing.T) {
	c := connect(t, serving(t, hello))
	c.ask(1, true, get)
	a := c.response(1)
	if a.status != "200" || a.body != "hello, world" || a.frames != 2 || a.fields["content-length"] != "12" ||
		a.fields["content-type"] != "text/plain; charset=utf-8" || a.fields["date"] == "" {
		t.Errorf("got %+v", a)
	}
}

// The first head says that there is no table, as a client wants it that has made its
// own smaller (RFC 7541 4.2); further ones do not.
func TestHeadsUseNoTable(t *testing.T) {
	c := connect(t, serving(t, hello), http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0})
	c.ReadMetaHeaders = nil
	for i, want := range []byte{emptyTable, 0x88} {
		c.ask(uint32(2*i+1), true, get)
		for {
			f, err := c.ReadFrame()
			c.must(err)
			if head, ok := f.(*http2.HeadersFrame); ok {
				if got := head.HeaderBlockFragment()[0]; got != want {
					t.Errorf("head %d begins with %#x, want %#x", i, got, want)
				}
				break
			}
		}
	}
}

// The gateway's own way: fields in order, those of a handler around, no type guessed.
func TestWriteHead(t *testing.T) {
	c := connect(t, serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Around", "1")
		w.Header().Set("X-Both", "around")
		w.(interface {
			WriteHead(int, string, []h1.Field)
		}).WriteHead(404, "Nowhere", []h1.Field{
			{Name: "X-Both", Value: "own"}, {Name: "Connection", Value: "close"}, {Name: "No Name", Value: "x"},
			{Name: "X-Control", Value: "a\r\nb"}, {Name: "Date", Value: "today"}, {Name: "Content-Length", Value: "3"},
			{Name: "X-" + strings.Repeat("Long", 100), Value: "long"},
		})
		_, _ = io.WriteString(w, "abc")
	}))
	c.ask(1, true, get)
	a := c.response(1)
	want := map[string]string{
		":status": "404", "x-both": "own", "x-control": "a  b", "date": "today", "content-length": "3",
		"x-" + strings.Repeat("long", 100): "long", "x-around": "1",
	}
	if len(a.fields) != len(want) || a.body != "abc" {
		t.Errorf("got %+v", a)
	}
	for name, value := range want {
		if a.fields[name] != value {
			t.Errorf("%s: %q, want %q", name, a.fields[name], value)
		}
	}
}

// A head that is larger than a frame goes on in others.
func TestLargeResponseHead(t *testing.T) {
	large := strings.Repeat("x", 40<<10)
	c := connect(t, serving(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Large", large) }))
	c.MaxHeaderListSize = 1 << 20
	c.ask(1, true, get)
	if a := c.response(1); a.fields["x-large"] != large {
		t.Errorf("%d bytes came", len(a.fields["x-large"]))
	}
}

func TestResponsesWithoutBody(t *testing.T) {
	c := connect(t, serving(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/204":
			w.WriteHeader(http.StatusNoContent)
		case "/304":
			w.Header().Set("Content-Length", "5")
			w.WriteHeader(http.StatusNotModified)
		}
		_, _ = io.WriteString(w, "hello")
	}))
	for i, want := range []struct{ method, path, status, length string }{
		{"HEAD", "/", "200", "5"}, {"GET", "/204", "204", ""}, {"GET", "/304", "304", "5"},
	} {
		stream := uint32(2*i + 1)
		c.ask(stream, true, []string{":method", want.method, ":scheme", "http", ":authority", "a.test", ":path", want.path})
		if a := c.response(stream); a.status != want.status || a.fields["content-length"] != want.length || a.frames != 1 {
			t.Errorf("%+v: %+v", want, a)
		}
	}
}

func TestTrailersOfResponse(t *testing.T) {
	c := connect(t, serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Announced")
		_, _ = io.WriteString(w, "hello")
		w.Header().Set("X-Announced", "1")
		w.Header().Set(http.TrailerPrefix+"X-Other", "2")
	}))
	c.ask(1, true, get)
	a := c.response(1)
	if a.body != "hello" || a.trailer["x-announced"] != "1" || a.trailer["x-other"] != "2" || a.fields["x-announced"] != "" {
		t.Errorf("got %+v", a)
	}
}

func TestEarlyHints(t *testing.T) {
	c := connect(t, serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
	}))
	c.ask(1, true, get)
	f := c.await("the hints", func(f frame) bool { return f.Type == http2.FrameHeaders })
	if f.fields[":status"] != "103" || f.fields["link"] != "</a.css>" || f.Flags&http2.FlagHeadersEndStream != 0 {
		t.Errorf("got %v", f)
	}
	if a := c.response(1); a.status != "200" || a.fields["link"] != "" {
		t.Errorf("got %+v", a)
	}
}

// What is not whole must not pass for it.
func TestBrokenResponses(t *testing.T) {
	c := connect(t, serving(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/panic":
			_, _ = io.WriteString(w, "some")
			_ = http.NewResponseController(w).Flush()
			panic("at the disco")
		case "/short":
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "some")
		}
	}))
	for i, path := range []string{"/abort", "/panic", "/short"} {
		stream := uint32(2*i + 1)
		c.ask(stream, true, with(":path", path))
		c.wantReset(stream, http2.ErrCodeInternal)
	}
	c.works(7)
}

// An answer before the request's end: what is left is taken for a moment, and then not.
func TestUnreadBody(t *testing.T) {
	s := serving(t, hello)
	s.Linger = 10 * time.Millisecond
	c := connect(t, s)
	c.ask(1, false, post)
	if a := c.response(1); a.status != "200" {
		t.Errorf("got %+v", a)
	}
	c.wantReset(1, http2.ErrCodeNo)
	c.must(c.WriteData(1, true, []byte("late"))) // it has not heard
	c.ask(3, false, post)
	c.response(3)
	c.must(c.WriteData(3, true, []byte("in time")))
	c.works(5)
}

// Streams of one connection run in parallel.
func TestParallelStreams(t *testing.T) {
	const streams = 100
	arrived, release := make(chan struct{}, streams), make(chan struct{})
	c := connect(t, serving(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	for i := range uint32(streams) {
		c.ask(2*i+1, true, get)
	}
	for range streams {
		wait(t, "all handlers", arrived)
	}
	close(release)
	for got := 0; got < streams; got++ {
		c.await("the responses", func(f frame) bool { return f.Type == http2.FrameData && string(f.data) == "/" })
	}
}
