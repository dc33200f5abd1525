package h1

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A handler that is not said to borrow may keep all that it was given: other requests
// of the same connection, and of others, change nothing of it.
func TestHandlerThatKeepsWhatItGot(t *testing.T) {
	type kept struct {
		r    *http.Request
		says string
	}
	var mu sync.Mutex
	var all []kept
	describe := func(r *http.Request) string {
		return fmt.Sprint(r.Method, r.RequestURI, r.URL, r.Host, r.Header, r.ContentLength, r.TransferEncoding, r.Proto)
	}
	s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		k := kept{r, describe(r)}
		go func() { // reads on while others are served
			for r.Context().Err() == nil {
				_ = describe(r)
			}
		}()
		mu.Lock()
		all = append(all, k)
		mu.Unlock()
	})}
	var wg sync.WaitGroup
	for i := range 4 {
		c := served(t, s)
		wg.Go(func() {
			in := bufio.NewReader(c)
			for j := range 25 {
				_, _ = fmt.Fprintf(c, "POST /%d/%d?q=%d HTTP/1.1\r\nHost: h%d\r\nx-number: %d\r\nContent-Length: 3\r\n\r\nabc", i, j, j, j, j)
				if _, err := http.ReadResponse(in, nil); err != nil {
					t.Error(err)
					return
				}
				_, _ = io.CopyN(io.Discard, in, 3)
			}
		})
	}
	wg.Wait()
	for _, k := range all {
		if now := describe(k.r); now != k.says {
			t.Errorf("was %s\n is %s", k.says, now)
		}
		if !strings.Contains(k.says, "X-Number:["+strings.Split(k.r.RequestURI, "=")[1]+"]") {
			t.Error(k.says)
		}
		if _, err := k.r.Body.Read(make([]byte, 1)); err != http.ErrBodyReadAfterClose {
			t.Errorf("its body: %v", err)
		}
	}
	if len(all) != 100 {
		t.Errorf("%d requests", len(all))
	}
}

// A body that somebody reads when the handler has returned is not read into by him
// from then on, and he is not waited for.
func TestReaderLeftBehind(t *testing.T) {
	left := make(chan error, 1)
	s := &Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reading := make(chan struct{})
		go func() {
			close(reading)
			_, err := io.ReadAll(r.Body)
			left <- err
		}()
		<-reading
	})}
	c := served(t, s)
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
	if response, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || response.StatusCode != 200 {
		t.Errorf("%v, %v", response, err)
	}
	if err := <-left; err == nil {
		t.Error("it has read what the client never sent")
	}
}

// A handler that borrows gets Trailer as it was sent: order and spelling are the
// application's to see.
func TestBorrowerGetsTrailerAsSent(t *testing.T) {
	c := served(t, &Server{Borrows: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, "%q %q", r.Header["Trailer"], r.Trailer.Get("X-b"))
	})})
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nTrailer: x-B,Host\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\nX-B: 1\r\n\r\n")
	if all, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(all), `["x-B,Host"] "1"`) {
		t.Errorf("%q, %v", all, err)
	}
}

// After a panic somebody whom the handler has left behind may still write: nothing of
// that request serves another.
func TestNothingServesAgainAfterAPanic(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector has pools forget")
	}
	var writers []http.ResponseWriter
	s := &Server{Borrows: true, Logger: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, before := range writers {
			if before == w {
				t.Error("the writer is that of a handler that has panicked")
			}
		}
		writers = append(writers, w)
		w.WriteHeader(http.StatusOK)
		panic("left behind")
	})}
	for range 20 {
		s.ServeConn(t.Context(), &loop{request: []byte(browser), left: 1})
	}
}

// loop is a connection whose client asks the same again and again.
type loop struct {
	request []byte
	left    int
	answer  int // bytes
}

func (l *loop) ReadLate(b Buffers) ([]byte, int, error) {
	if l.left--; l.left < 0 {
		return nil, 0, io.EOF
	}
	p := b.Get()
	return p, copy(p, l.request), nil
}

func (l *loop) Read([]byte) (int, error)         { return 0, io.EOF }
func (l *loop) Write(p []byte) (int, error)      { l.answer += len(p); return len(p), nil }
func (l *loop) Close() error                     { return nil }
func (l *loop) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (l *loop) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (l *loop) SetDeadline(time.Time) error      { return nil }
func (l *loop) SetReadDeadline(time.Time) error  { return nil }
func (l *loop) SetWriteDeadline(time.Time) error { return nil }

const browser = "GET /articles/2026/line-clear?page=2 HTTP/1.1\r\nHost: www.example.org\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: text/html,*/*;q=0.8\r\n" +
	"Accept-Language: en-GB,en;q=0.7\r\nAccept-Encoding: gzip, deflate, br\r\nsec-fetch-mode: navigate\r\n" +
	"Cookie: session=0123456789abcdef\r\nConnection: keep-alive\r\n\r\n"

// constant answers as the gateway does.
func constant(w http.ResponseWriter, r *http.Request) {
	if r.Header["User-Agent"] == nil || r.URL.Path == "" {
		panic("the request is not what was sent")
	}
	w.(interface {
		WriteHead(status int, reason string, fields []Field)
	}).WriteHead(200, "OK", constantFields)
	_, _ = w.Write(constantBody)
}

var (
	constantFields = []Field{{"Content-Type", "text/plain"}, {"Content-Length", "12"}}
	constantBody   = []byte("hello, world")
)

// A GET costs a handler that borrows nothing on the heap.
func TestBorrowedRequestsAreNotAllocated(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector has pools forget: make test-allocations")
	}
	s := &Server{Handler: http.HandlerFunc(constant), Borrows: true}
	run := func(requests int) float64 {
		return testing.AllocsPerRun(20, func() {
			l := &loop{request: []byte(browser), left: requests}
			s.ServeConn(t.Context(), l)
			if l.answer < 100*requests {
				t.Fatalf("%d bytes of answers", l.answer)
			}
		})
	}
	one, many := run(1), run(1001)
	if each := (many - one) / 1000; each > 0.01 {
		t.Errorf("%.3f allocations a request", each)
	}
}

func BenchmarkBorrowed(b *testing.B) {
	s := &Server{Handler: http.HandlerFunc(constant), Borrows: true}
	b.ReportAllocs()
	s.ServeConn(b.Context(), &loop{request: []byte(browser), left: b.N})
}
