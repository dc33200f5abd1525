package h1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

// served runs a handler on one connection and returns the client's end.
func served(t *testing.T, s *Server) *net.TCPConn {
	t.Helper()
	return servedOver(t, s, func(c net.Conn) net.Conn { return c })
}

// servedOver serves what wrap makes of the connection.
func servedOver(t *testing.T, s *Server, wrap func(net.Conn) net.Conn) *net.TCPConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if c, err := l.Accept(); err == nil {
			s.ServeConn(t.Context(), wrap(c))
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); <-ended; _ = l.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

var dateField = regexp.MustCompile(`Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n`)

// dialogue sends all of request, ends that direction, and returns all that comes
// back, without the Date fields that have to be in each head.
func dialogue(t *testing.T, handler http.HandlerFunc, request string) string {
	t.Helper()
	c := served(t, &Server{Handler: handler})
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	_ = c.CloseWrite()
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("%v after %q", err, answer)
	}
	text := dateField.ReplaceAllString(string(answer), "")
	final := regexp.MustCompile(`HTTP/1.1 [2-5]`).FindAllString(text, -1)
	if dates := dateField.FindAllString(string(answer), -1); len(dates) != len(final) {
		t.Errorf("%d of %d heads have a date", len(dates), len(final))
	}
	return text
}

const (
	get   = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	get10 = "GET / HTTP/1.0\r\n\r\n"
	head  = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
)

func writes(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		for _, piece := range pieces {
			_, _ = io.WriteString(w, piece)
		}
	}
}

func flushes(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		for _, piece := range pieces {
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// How each response is delimited, and whether the connection goes on.
func TestResponses(t *testing.T) {
	big := strings.Repeat("x", bodyBuffer)
	declares := func(n int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(n))
			writes(body)(w, nil)
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, c := range map[string]struct {
		handler       http.HandlerFunc
		request, want string
	}{
		"short":             {writes("hel", "lo"), get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
		"empty":             {writes(), get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"two in a row":      {writes("hi"), get + get, strings.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 2)},
		"at the buffer":     {writes(big), get, "HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n" + big},
		"beyond it":         {writes(big, "y"), get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + big + "\r\n1\r\ny\r\n0\r\n\r\n"},
		"flushed":           {flushes("a", "bc"), get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"},
		"flushed to 1.0":    {flushes("a", "bc"), get10, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"},
		"1.0 kept alive":    {writes("a"), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get10, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na"},
		"declared":          {declares(3, "abc"), get, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"},
		"declared too much": {declares(4, "abc"), get + get, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"},
		"HEAD":              {writes("hello"), head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
		"HEAD of unknown":   {writes(), head, "HTTP/1.1 200 OK\r\n\r\n"},
		"HEAD declared":     {declares(7, ""), head, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
		"204":               {status(204), get, "HTTP/1.1 204 No Content\r\n\r\n"},
		"304":               {status(304), get, "HTTP/1.1 304 Not Modified\r\n\r\n"},
		"the client closes": {writes("a"), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na"},
		"a type is guessed": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, get, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>"},
	} {
		if got := dialogue(t, c.handler, c.request); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

// The handler's words cannot break the head.
func TestFieldsThatMustNotLeave(t *testing.T) {
	got := dialogue(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"], h["X-A"], h["X B"], h["Transfer-Encoding"] = nil, []string{"1\r\nX-C: 2\x00"}, []string{"3"}, []string{"gzip"}
		h["Content-Length"] = []string{"+1"}
		w.WriteHeader(200)
	}, get)
	if want := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1  X-C: 2 \r\n\r\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// The gateway's heads leave as they are.
func TestHeadInOrder(t *testing.T) {
	got := dialogue(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Around", "kept")
		w.Header().Set("X-B", "replaced")
		w.(interface {
			WriteHead(int, string, []Field)
		}).WriteHead(404, "Nothing Here", []Field{{"x-b", "2"}, {"Content-Length", "2"}, {"x-a", "1"}, {"x-b", "3"}})
		_, _ = io.WriteString(w, "no")
	}, get)
	if want := "HTTP/1.1 404 Nothing Here\r\nx-b: 2\r\nContent-Length: 2\r\nx-a: 1\r\nx-b: 3\r\nX-Around: kept\r\n\r\nno"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A refused request ends its connection, and the handler sees nothing of it.
func TestRefusals(t *testing.T) {
	for request, want := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n" + get:                               "400 Bad Request",
		"GET / HTTP/2.0\r\nHost: a\r\n\r\n":                          "505 HTTP Version Not Supported",
		"\x16\x03\x01":                                               "400 Bad Request",
		"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\nHost: a\r\n\r\n": "501 Not Implemented",
	} {
		calls := 0
		got := dialogue(t, func(http.ResponseWriter, *http.Request) { calls++ }, request)
		if !strings.HasPrefix(got, "HTTP/1.1 "+want+"\r\n") || !strings.Contains(got, "\r\nConnection: close\r\n") || calls > 0 || strings.Count(got, "HTTP/1.1") != 1 {
			t.Errorf("%q: %d calls, answered %q", request, calls, got)
		}
	}
}

// A body that the handler leaves is read, if that is worth it.
func TestBodiesThatAreLeft(t *testing.T) {
	post := func(n, sent int) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", sent))
	}
	const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		request string
		answers int
	}{
		"short":     {post(1000, 1000) + get, 2},
		"long":      {post(drainBytes+1, drainBytes+1) + get, 1},
		"chunks":    {chunked + "1\r\na\r\n0\r\n\r\n" + get, 2},
		"malformed": {chunked + "1\r\nab\r\n0\r\n\r\n" + get, 1},
		"expected":  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n" + get, 1},
		"cut":       {post(10, 3), 1},
	} {
		got := dialogue(t, writes("ok"), c.request)
		if n := strings.Count(got, "HTTP/1.1 200 OK"); n != c.answers || strings.Contains(got, " 100 ") {
			t.Errorf("%s: %d answers, want %d: %q", name, n, c.answers, got)
		}
	}
}

// "100 Continue" leaves when the handler reads, and not before.
func TestContinue(t *testing.T) {
	asked := make(chan struct{})
	c := served(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-asked
		body, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %v", body, err)
	})})
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err == nil {
		t.Fatalf("%q came before the handler read", line)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	close(asked)
	if line, _ := in.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q", line)
	}
	_, _ = in.ReadString('\n')
	_, _ = io.WriteString(c, "body")
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); string(body) != "body <nil>" {
		t.Errorf("the handler got %q", body)
	}
}

// A handler that panics takes its own connection with it, and nothing it had not
// finished passes for whole.
func TestPanics(t *testing.T) {
	got := dialogue(t, func(w http.ResponseWriter, _ *http.Request) {
		flushes("half")(w, nil)
		panic(http.ErrAbortHandler)
	}, get+get)
	if !strings.HasSuffix(got, "4\r\nhalf\r\n") {
		t.Errorf("got %q", got)
	}
}

// What a handler gets is what net/http gives it.
func TestRequestAsNetHTTPGivesIt(t *testing.T) {
	const text = "POST http://h.example/%41?q HTTP/1.1\r\nHost: x\r\nX-a: 1\r\nx-A: 2\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n2\r\nhi\r\n0\r\nt: v\r\n\r\n"
	dialogue(t, func(w http.ResponseWriter, r *http.Request) {
		theirs, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Error(err)
			return
		}
		for _, pair := range [][2]any{
			{r.Method, theirs.Method}, {r.URL.String(), theirs.URL.String()}, {r.RequestURI, theirs.RequestURI}, {r.Proto, theirs.Proto}, {r.ProtoMinor, theirs.ProtoMinor},
			{r.Host, theirs.Host}, {fmt.Sprint(r.Header), fmt.Sprint(theirs.Header)}, {r.ContentLength, theirs.ContentLength},
			{fmt.Sprint(r.TransferEncoding), fmt.Sprint(theirs.TransferEncoding)},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%v, want %v", pair[0], pair[1])
			}
		}
		if body, err := io.ReadAll(r.Body); string(body) != "hi" || err != nil {
			t.Errorf("body %q, %v", body, err)
		}
		_, _ = io.ReadAll(theirs.Body)
		if fmt.Sprint(r.Trailer) != fmt.Sprint(theirs.Trailer) || r.Trailer.Get("T") != "v" {
			t.Errorf("trailer %v, want %v", r.Trailer, theirs.Trailer)
		}
	}, text)
}

// A client that says nothing is not waited for for ever; one that has begun to ask is told.
func TestTimes(t *testing.T) {
	for name, c := range map[string]struct{ sent, want string }{
		"idle":            {"", "^$"},
		"an empty line":   {get + "\r\n", "^HTTP/1.1 200 OK\r\n.*a$"},
		"in the head":     {"GET / HTT", "^HTTP/1.1 408 Request Timeout\r\n.*Connection: close\r\n"},
		"after an end":    {get, "^HTTP/1.1 200 OK\r\n.*a$"},
		"within a second": {get + "GET", "^HTTP/1.1 200 OK\r\n.*HTTP/1.1 408 "},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{Handler: writes("a"), IdleTimeout: 50 * time.Millisecond, HeadTimeout: 50 * time.Millisecond}
			conn := served(t, s)
			_, _ = io.WriteString(conn, c.sent)
			got, err := io.ReadAll(conn)
			if err != nil || !regexp.MustCompile("(?s)"+c.want).Match(got) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// A time that is up in the moment in which something comes is of no consequence. On a
// busy machine it may really be up: but no connection ends before.
func TestTimesUnderLoad(t *testing.T) {
	const limit = 8 * time.Millisecond
	s := &Server{Handler: writes("a"), IdleTimeout: limit, HeadTimeout: limit, WriteTimeout: limit}
	var c net.Conn
	var in *bufio.Reader
	var last time.Time // when something was answered
	for range 300 {
		if c == nil {
			last = time.Now()
			c = served(t, s)
			in = bufio.NewReader(c)
		}
		_, _ = io.WriteString(c, get[:5])
		_, _ = io.WriteString(c, get[5:])
		response, err := http.ReadResponse(in, nil)
		if err == nil && response.StatusCode == http.StatusOK {
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != "a" {
				t.Fatalf("%q, %v", body, err)
			}
			last = time.Now()
			continue
		}
		if took := time.Since(last); took < limit || err == nil && response.StatusCode != http.StatusRequestTimeout {
			t.Fatalf("after %s: %v, %v", took, response, err)
		}
		c = nil
	}
}

// A client that takes nothing is cut off.
func TestWriteTimeout(t *testing.T) {
	failed := make(chan error, 1)
	s := &Server{WriteTimeout: 50 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(make([]byte, 16<<20))
		failed <- err
	})}
	c := served(t, s)
	_, _ = io.WriteString(c, get)
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// Each refusal is told of once, of a body as well as of a head, however often it is read.
func TestRefusalsAreTold(t *testing.T) {
	for request, clause := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n": "RFC 9112 3.2",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n": "RFC 9112 7.1",
	} {
		told := make(chan string, 8)
		c := served(t, &Server{
			Refused: func(_ net.Conn, r *Refusal) { told <- r.Clause },
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				_, err := r.Body.Read(make([]byte, 1))
				http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
			}),
		})
		_, _ = io.WriteString(c, request)
		if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("%q: %q, %v", request, answer, err)
		}
		if got := <-told; got != clause || len(told) > 0 {
			t.Errorf("%q: told of %s, and %d times more", request, got, len(told))
		}
	}
}
