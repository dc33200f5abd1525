package h3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"highball/e2e/harness"
	"highball/internal/h1"
)

// headWriter is what the gateway finds.
type headWriter interface {
	WriteHead(status int, reason string, fields []h1.Field)
}

func TestHeadsAsTheGatewayWritesThem(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Around", "a handler's")
		w.Header().Set("X-Both", "a handler's")
		fields := []h1.Field{{Name: "X-Both", Value: "the application's"}, {Name: "Set-Cookie", Value: "a=b"}, {Name: "Set-Cookie", Value: "c=d"}}
		switch r.URL.Path {
		case "/304":
			w.(headWriter).WriteHead(304, "", append(fields, h1.Field{Name: "Content-Length", Value: "5"}))
		case "/hop":
			w.(headWriter).WriteHead(200, "", append(fields, h1.Field{Name: "Connection", Value: "close"}, h1.Field{Name: "X-Line", Value: "a\nb"}))
		default:
			w.(headWriter).WriteHead(200, "Fine", append(fields, h1.Field{Name: "Content-Length", Value: "5"}, h1.Field{Name: "Date", Value: "mine"}))
			_, _ = io.WriteString(w, "hello")
		}
	})
	client := r.client(t)
	res, err := client.Get(home)
	if got := text(t, res, err); got != "hello" || res.ContentLength != 5 || !slices.Equal(res.Header["Date"], []string{"mine"}) {
		t.Errorf("%q, %v", got, res.Header)
	}
	if _, guessed := res.Header["Content-Type"]; guessed {
		t.Error("a type that nobody has named")
	}
	if !slices.Equal(res.Header["X-Both"], []string{"the application's"}) || res.Header.Get("X-Around") == "" || len(res.Header["Set-Cookie"]) != 2 {
		t.Errorf("fields %v", res.Header)
	}
	res, err = client.Head(home)
	if text(t, res, err); res.Header.Get("Content-Length") != "5" {
		t.Errorf("HEAD: %v", res.Header)
	}
	res, err = client.Get(home + "304")
	if got := text(t, res, err); res.StatusCode != 304 || got != "" || res.Header.Get("Content-Length") != "5" {
		t.Errorf("304: %d, %q, %v", res.StatusCode, got, res.Header)
	}
	res, err = client.Get(home + "hop")
	if text(t, res, err); res.Header.Get("Connection") != "" || res.Header.Get("X-Line") != "a b" || res.Header.Get("Date") == "" {
		t.Errorf("%v", res.Header)
	}
}

func TestTrailersHintsAndContinue(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.Header().Set("Trailer", "X-Announced")
		got, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", got, r.Trailer.Get("X-Sum"))
		w.Header().Set("X-Announced", "1")
		w.Header().Set(http.TrailerPrefix+"X-Late", "2")
	})
	var interim []int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { interim = append(interim, code); return nil },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, home, io.MultiReader(strings.NewReader("body")))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Expect", "100-continue")
	request.Trailer = http.Header{"X-Sum": {"sum"}}
	res, err := r.client(t).Do(request)
	if got := text(t, res, err); got != "body sum" {
		t.Errorf("%q", got)
	}
	if !slices.Equal(interim, []int{103, 100}) {
		t.Errorf("interim responses %v", interim)
	}
	if res.Trailer.Get("X-Announced") != "1" || res.Trailer.Get("X-Late") != "2" {
		t.Errorf("trailers %v", res.Trailer)
	}
}

// What is shorter than was said, and what panics, must not pass for whole.
func TestCutResponsesAreReset(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/short":
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "five!")
		case "/abort":
			fmt.Fprint(w, "begun")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	})
	q := r.dial(t)
	for _, path := range []string{"/short", "/abort"} {
		stream, err := q.OpenStream()
		if err == nil {
			_, err = stream.Write(head4(":method: GET", ":scheme: https", ":authority: h3.test", ":path: "+path))
		}
		if err == nil {
			err = stream.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		var reset *quic.StreamError
		if _, err = io.ReadAll(stream); !errors.As(err, &reset) || reset.ErrorCode != quic.StreamErrorCode(internalError) {
			t.Errorf("%s ends with %v", path, err)
		}
	}
	res, err := r.client(t).Get(home)
	text(t, res, err)
}

func TestStreamsRunInParallel(t *testing.T) {
	const many = 100
	var there sync.WaitGroup
	there.Add(many)
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		there.Done()
		there.Wait() // all of them are, at once
		fmt.Fprint(w, r.URL.Path)
	})
	client := r.client(t)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			path := fmt.Sprint(i)
			res, err := client.Get(home + path)
			if got := text(t, res, err); got != "/"+path {
				t.Errorf("%s: %q", path, got)
			}
		})
	}
	all.Wait()
}

// A client that sends much more than the handler takes is held up, and so is a handler
// whose client does not read.
func TestFlowControlBoundsMemory(t *testing.T) {
	taken := make(chan struct{})
	var sent atomic.Int64
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-taken
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n, err)
			return
		}
		for range 1 << 10 {
			n, err := w.Write(make([]byte, 64<<10))
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	client := r.client(t)
	var given atomic.Int64
	done := make(chan string, 1)
	go func() {
		body := io.TeeReader(io.LimitReader(zeros{}, 64<<20), counter{&given})
		res, err := client.Post(home, "a/b", io.MultiReader(body))
		done <- text(t, res, err)
	}()
	steady(t, &given)
	if n := given.Load(); n > 4<<20 {
		t.Errorf("%d bytes were taken from a client whose request nobody reads", n)
	}
	close(taken)
	if got := <-done; got != "67108864<nil>" && got != "67108864 <nil>" {
		t.Errorf("uploaded %s", got)
	}
	res, err := client.Get(home)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	steady(t, &sent)
	if n := sent.Load(); n > 16<<20 {
		t.Errorf("%d bytes were sent to a client that does not read", n)
	}
	if n, err := io.Copy(io.Discard, res.Body); n != 64<<20 || err != nil {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// steady waits until a number does not grow any more.
func steady(t *testing.T, n *atomic.Int64) {
	t.Helper()
	for same, last := 0, int64(-1); same < 10; {
		<-time.After(20 * time.Millisecond)
		if now := n.Load(); now == last && now > 0 {
			same++
		} else {
			same, last = 0, now
		}
	}
}

func TestTheContextEndsWithTheClient(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	r := start(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	})
	stream, err := r.dial(t).OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Write(get()); err != nil {
		t.Fatal(err)
	}
	<-begun
	stream.CancelRead(quic.StreamErrorCode(requestCancelled))
	stream.CancelWrite(quic.StreamErrorCode(requestCancelled))
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the handler does not learn that its client has left")
	}
}

// Streams that are reset as soon as they are opened do not pile up handlers
// (CVE-2023-44487 of HTTP/2).
func TestRapidResetsPileUpNothing(t *testing.T) {
	var running, most atomic.Int64
	free := make(chan struct{})
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		// It learns of the reset in both directions, and goes on all the same.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		_ = http.NewResponseController(w).Flush()
		<-free
		running.Add(-1)
	})
	q := r.dial(t)
	opened := 0
	for opened < maxStreams+20 {
		soon, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		stream, err := q.OpenStreamSync(soon)
		cancel()
		if err != nil {
			break // the server gives no more
		}
		opened++
		_, _ = stream.Write(post())
		harness.Eventually(t, "the request runs, which a reset would overtake", func() bool { return running.Load() >= int64(opened) })
		stream.CancelWrite(quic.StreamErrorCode(requestCancelled))
		stream.CancelRead(quic.StreamErrorCode(requestCancelled))
	}
	if opened > maxStreams || most.Load() > maxStreams {
		t.Errorf("%d streams, %d handlers at a time", opened, most.Load())
	}
	close(free)
}

// From many handshakes on, clients have to show that they receive (RFC 9000 8.1.2).
func TestAddressesAreVerifiedUnderLoad(t *testing.T) {
	r := start(t, func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		handshakes int64
		want       bool
	}{{0, false}, {2 * manyHandshakes, true}} { // some of before may end meanwhile
		r.handshakes.Store(c.handshakes)
		n := newNAT(t, r.address)
		retries := n.watch(0xf0) // the first byte of a Retry (RFC 9000 17.2.5)
		q, err := quic.DialAddr(t.Context(), n.inside.LocalAddr().String(), r.clientTLS(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = q.CloseWithError(quic.ApplicationErrorCode(noError), "")
		if got := retries.Load() > 0; got != c.want {
			t.Errorf("%d handshakes: Retry %t", c.handshakes, got)
		}
		r.handshakes.Store(0)
	}
}

func FuzzSection(f *testing.F) {
	f.Add(get()[2:])
	f.Add([]byte{0, 0, 0xff, 0x24})
	f.Add(bytes.Repeat([]byte{0}, 40))
	f.Fuzz(func(t *testing.T, p []byte) {
		limits := h1.Limits{RequestLine: 4096, Head: 16 << 10, Fields: 64}
		fields, err := decodeSection(slices.Clone(p), limits.Head, limits.Fields)
		if err != nil {
			return
		}
		h, err := parseHead(fields, limits)
		if err != nil {
			return
		}
		if h.method == "" || h.authority == "" || !h1.ValidHost(h.authority) || strings.ContainsAny(h.path, " \r\n\x00") {
			t.Errorf("accepted: %+v", h)
		}
		for name, values := range h.header {
			for _, value := range values {
				if !h1.IsToken(name) || strings.ContainsAny(value, "\r\n\x00") {
					t.Errorf("accepted: %q: %q", name, value)
				}
			}
		}
	})
}

func FuzzControl(f *testing.F) {
	f.Add(settings(6, 100)[1:])
	f.Add(append(settings()[1:], frame(frameGoAway, number(4))...))
	f.Fuzz(func(t *testing.T, p []byte) {
		c := &control{in: &reader{src: bytes.NewReader(p), buf: make([]byte, 64)}}
		if c.read() == nil {
			t.Error("a control stream has no good end")
		}
	})
}
