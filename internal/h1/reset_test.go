package h1

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// listened serves a handler on a loopback address. ended waits until no connection
// is served any more, and closes the server.
func listened(t *testing.T, handler http.HandlerFunc) (address string, ended func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Handler: handler}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { s.ServeConn(t.Context(), c) })
		}
	})
	return l.Addr().String(), func() { _ = l.Close(); conns.Wait(); s.Stop() }
}

// inPieces reads the body and answers in three writes.
func inPieces(calls *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(w, "%d bytes came;", len(body))
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, " this is the answer")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, " and its end.\n")
	}
}

// resetRequests are requests with a body, in each framing, on a connection of their
// own, behind another request, and before one.
func resetRequests() map[string]string {
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	const counted = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello, world"
	const chunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nX-T: u\r\n\r\n"
	const expects = "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
	return map[string]string{
		"counted": counted, "chunked": chunked, "expects": expects,
		"kept alive": get + counted, "pipelined": counted + chunked + get, "malformed": chunked + "GET /\x00 HTTP/1.1\r\n\r\n",
	}
}

// resetAfter sends so much of a request, reads so much of what comes back, and
// resets the connection. It returns how much came.
func resetAfter(address, request string, sent, read int) (came int, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(c, request[:sent]); err != nil {
		return 0, err
	}
	came, err = io.ReadFull(c, make([]byte, read))
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil // the server closes behind what it has refused
	}
	return came, err
}

// Clients that reset their connections, behind each byte of a request and behind
// each byte of its response, leave no goroutine behind.
func TestResetsAtEveryByte(t *testing.T) {
	before := runtime.NumGoroutine()
	var calls atomic.Int64
	address, ended := listened(t, inPieces(&calls))
	resets := 0
	for name, request := range resetRequests() {
		for sent := range len(request) + 1 {
			resets++
			if _, err := resetAfter(address, request, sent, 0); err != nil {
				t.Fatalf("%s, byte %d: %v", name, sent, err)
			}
		}
		request = strings.Replace(request, "HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n", 1)
		for read := 1; ; read++ {
			resets++
			came, err := resetAfter(address, request, len(request), read)
			if err != nil {
				t.Fatalf("%s, byte %d of the response: %v", name, read, err)
			}
			if came < read {
				break // that was all of it
			}
		}
	}
	ended()
	wantGoroutines(t, before)
	if calls.Load() == 0 || int(calls.Load()) > 3*resets {
		t.Errorf("the handler was called %d times by %d clients", calls.Load(), resets)
	}
	t.Logf("%d clients reset, %d calls", resets, calls.Load())
}

// wantGoroutines waits until there are no more than before. Those of a closed
// listener and of the runtime's poller take a moment.
func wantGoroutines(t *testing.T, before int) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; <-ticker.C {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
