package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// behind is the request that is sent right behind each case.
const (
	behindPath = "/behind-it"
	behind     = "GET " + behindPath + " HTTP/1.1\r\nHost: behind.example\r\n\r\n"
)

// outcome is what came of one connection.
type outcome struct {
	answers []answer  // the final ones
	strange string    // what came that is no HTTP/1 response
	closed  bool      // by the server
	seen    []message // by the application
}

// answer is a final response.
type answer struct {
	status int
	seen   bool // it is the application's
}

// exchange sends request and what is behind it from an address of its own, and
// reads until the server closes, has answered both, or is silent for patience.
func exchange(addr, from string, r *recorder, request []byte, patience time.Duration) (o outcome, err error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	c, err := dialer.Dial("tcp", addr)
	if err != nil {
		return o, err
	}
	defer c.Close()
	sent := append(append([]byte(nil), request...), behind...)
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_, _ = c.Write(sent) // who refuses may close before the end
	}()
	o.read(c, func() bool { return sawBehind(r.of(from)) }, string(request), patience)
	o.seen = r.of(from) // before our close, which may have an application see what it waited for
	_ = c.Close()
	<-wrote
	return o, nil
}

// read takes answers until nothing more is to come.
func (o *outcome) read(c net.Conn, servedBehind func() bool, request string, patience time.Duration) {
	raw := &recent{conn: c, patience: patience}
	in := bufio.NewReader(raw)
	method, _, _ := strings.Cut(strings.TrimLeft(request, "\r\n"), " ")
	for len(o.answers) < 2 || !servedBehind() {
		start, err := in.Peek(5)
		if err == nil && string(start) != "HTTP/" {
			o.strange, err = raw.rest(in)
		}
		if err != nil {
			o.closed = !errors.Is(err, os.ErrDeadlineExceeded)
			return
		}
		response, err := http.ReadResponse(in, &http.Request{Method: method})
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		if err != nil {
			o.closed = !errors.Is(err, os.ErrDeadlineExceeded)
			return
		}
		if response.StatusCode >= 200 {
			o.answers = append(o.answers, answer{response.StatusCode, response.Header.Get("Conformance") != ""})
			method = http.MethodGet // of the request behind it
		}
	}
}

// recent is a connection whose reads fail after patience without a byte.
type recent struct {
	conn     net.Conn
	patience time.Duration
	err      error
}

func (r *recent) Read(p []byte) (n int, err error) {
	_ = r.conn.SetReadDeadline(time.Now().Add(r.patience))
	n, r.err = r.conn.Read(p)
	return n, r.err
}

// rest reads what is left, and gives what ended it.
func (r *recent) rest(in io.Reader) (string, error) {
	data, _ := io.ReadAll(in)
	return string(data), r.err
}

func readAll(body io.Reader) (string, error) {
	data, err := io.ReadAll(body)
	return string(data), err
}

func sawBehind(seen []message) bool {
	for _, m := range seen {
		if m.isBehind() {
			return true
		}
	}
	return false
}

func (m message) isBehind() bool { return m.path == behindPath && m.whole }
