package h1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// tape is a connection that gives out what it was loaded with and keeps what is written.
type tape struct {
	loop
	in  io.Reader
	out bytes.Buffer
}

func (c *tape) ReadLate(b Buffers) ([]byte, int, error) {
	p := b.Get()
	n, err := c.in.Read(p)
	return p, n, err
}

func (c *tape) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *tape) Write(p []byte) (int, error) { return c.out.Write(p) }

// script is what a handler does, one byte a step; texts for it come from data.
type script struct {
	steps, data []byte
	body        []byte // what a client has to get, if it was all taken
	failed      bool   // a write was refused, or the length was a lie
}

func (s *script) text(n int) string {
	n = min(n, len(s.data))
	text := s.data[:n]
	s.data = s.data[n:]
	return string(text)
}

func (s *script) serve(w http.ResponseWriter, _ *http.Request) {
	s.body, s.failed = nil, false
	for _, step := range s.steps {
		argument := int(step >> 3)
		switch step & 7 {
		case 0:
			w.WriteHeader(200 + argument*12)
		case 1:
			w.Header().Add(s.text(argument), s.text(argument))
		case 2:
			p := s.text(argument * 97)
			if n, err := w.Write([]byte(p)); err != nil {
				s.failed = true
			} else {
				s.body = append(s.body, p[:n]...)
			}
		case 3:
			_ = http.NewResponseController(w).Flush()
		case 4:
			w.(interface {
				WriteHead(status int, reason string, fields []Field)
			}).WriteHead(200+argument, strings.Map(printable, s.text(5)), []Field{{s.text(argument), s.text(argument)}})
		case 5:
			w.Header().Set("Content-Length", fmt.Sprint(argument*97))
		case 6:
			w.WriteHeader(100 + argument)
		case 7:
			w.Header().Set("Connection", s.text(argument))
		}
	}
}

// printable: a reason has been checked by who gives one.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// Whatever a handler does, what leaves are responses, one to each request, that Go's
// client reads as they were meant; no field or body makes another response of itself.
func FuzzResponse(f *testing.F) {
	f.Add([]byte{0, 18, 3, 18}, []byte(strings.Repeat("abc", 300)), byte(0))
	f.Add([]byte{0x29, 0x0d, 0x12}, []byte("X: a\r\nSet-Cookie: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), byte(1))
	f.Add([]byte{0x24, 0x1a, 0xf2}, []byte(strings.Repeat("x", 5000)), byte(2))
	var handler http.HandlerFunc
	forward := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(w, r) })
	servers := [2]*Server{{Handler: forward}, {Handler: forward, Borrows: true}}
	f.Fuzz(func(t *testing.T, steps, data []byte, kind byte) {
		method, version := "GET", "1.1"
		if kind&1 != 0 {
			method = "HEAD"
		}
		if kind&2 != 0 {
			version = "1.0"
		}
		request := fmt.Sprintf("%s / HTTP/%s\r\nHost: a\r\n\r\n", method, version)
		c := &tape{in: strings.NewReader(strings.Repeat(request, 2))}
		first := &script{steps: steps, data: data}
		handlers := []http.HandlerFunc{first.serve, writes("second")}
		calls := 0
		handler = func(w http.ResponseWriter, r *http.Request) {
			calls++
			handlers[calls-1](w, r)
		}
		servers[kind>>2&1].ServeConn(context.Background(), c)
		checkResponses(t, c.out.Bytes(), method, first, calls)
	})
}

func checkResponses(t *testing.T, out []byte, method string, first *script, calls int) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(out))
	request := &http.Request{Method: method}
	response, body := readFinal(t, in, request, out)
	cut := errors.Is(body.err, io.ErrUnexpectedEOF)
	switch {
	case method == "HEAD" && len(body.text) > 0:
		t.Fatalf("a body for HEAD: %q", out)
	case body.err != nil && !cut:
		t.Fatalf("%v in %q", body.err, out)
	case method == "GET" && bodyAllowed(response.StatusCode) && !bytes.Equal(body.text, first.body):
		t.Fatalf("wrote %q, came %q in %q", first.body, body.text, out)
	}
	if response.Close || cut {
		if calls != 1 {
			t.Fatalf("closed, and another was served: %q", out)
		}
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			t.Fatalf("behind the last response comes %q", rest)
		}
		return
	}
	if calls != 2 {
		t.Fatalf("not closed, and %d were served: %q", calls, out)
	}
	if _, second := readFinal(t, in, request, out); method == "GET" && string(second.text) != "second" {
		t.Fatalf("the second is %q in %q", second.text, out)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Fatalf("behind the second comes %q", rest)
	}
}

type received struct {
	text []byte
	err  error
}

func readFinal(t *testing.T, in *bufio.Reader, request *http.Request, out []byte) (*http.Response, received) {
	t.Helper()
	for {
		response, err := http.ReadResponse(in, request)
		if err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		if response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			text, err := io.ReadAll(response.Body)
			return response, received{text, err}
		}
	}
}

// Trailers are fields by the same rules as those of a head, and none of them becomes one.
func FuzzTrailer(f *testing.F) {
	f.Add([]byte("A: b\r\nTransfer-Encoding: chunked\r\n\r\nGET / HTTP/1.1\r\n"))
	f.Add([]byte(" folded\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const before = "POST / HTTP/1.1\r\nHost: a\r\nTrailer: A\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
		const head = "GET / HTTP/1.1\r\nHost: a\r\n"
		sent := bytes.NewReader(append([]byte(before), data...))
		r := NewReader(sent, Limits{})
		h, err := r.ReadHead()
		if err != nil {
			t.Fatal(err)
		}
		body := r.Body(h)
		_, bodyErr := io.ReadAll(body)
		asHead := NewReader(bytes.NewReader(append([]byte(head), data...)), Limits{})
		alike, headErr := asHead.ReadHead()
		if bodyErr != nil {
			if headErr == nil {
				t.Fatalf("%q are fields of a head, and no trailer: %v", data, bodyErr)
			}
			return
		}
		if headErr == nil && fmt.Sprint(alike.Fields[1:]) != fmt.Sprint(body.Trailer) {
			t.Fatalf("%q as a head, %q as a trailer", alike.Fields[1:], body.Trailer)
		}
		if len(h.Fields) != 3 {
			t.Fatalf("the head has %q now", h.Fields)
		}
	})
}
