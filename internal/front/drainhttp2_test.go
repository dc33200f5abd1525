package front

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// http2Client speaks HTTP/2 in clear text on connections that dial makes.
func http2Client(t *testing.T, dial func() (net.Conn, error)) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Protocols:   new(http.Protocols),
		DialContext: func(context.Context, string, string) (net.Conn, error) { return dial() },
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func wantHTTP2(t *testing.T, client *http.Client, what string) {
	t.Helper()
	response, err := client.Get("http://example.org/")
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "answer" || response.ProtoMajor != 2 {
		t.Errorf("%s: %q, %v, by %s", what, body, err, response.Proto)
	}
}

// What runs over HTTP/2 finishes; a connection that was accepted and says only
// later that it speaks HTTP/2 is served.
func TestDrainOfHTTP2(t *testing.T) {
	began, finish := make(chan struct{}, 1), make(chan struct{})
	s, addr := serving(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-finish
		answers(w, r)
	})
	early, late := connect(t, addr), connect(t, addr)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		wantHTTP2(t, http2Client(t, func() (net.Conn, error) { return early, nil }), "in progress")
	}()
	wait(t, "the handler", began)
	eventually(t, "the late one is accepted", func() bool { return s.resting() == 1 })
	done := draining(t, s)
	close(finish)
	wantHTTP2(t, http2Client(t, func() (net.Conn, error) { return late, nil }), "late")
	wait(t, "the answer", answered)
	if err := wait(t, "Shutdown", done); err != nil {
		t.Error(err)
	}
}

// An idle connection of HTTP/2 is told at once, and closed even if the client stays.
func TestDrainSaysGoAwayAtOnce(t *testing.T) {
	s, addr := serving(t, "tcp", answers)
	c := connect(t, addr)
	send(t, c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	eventually(t, "it rests", func() bool { return s.resting() == 1 })
	var frame [9]byte // RFC 9113 4.1: the length is in the first three bytes, the type in the fourth
	next := func() {
		if _, err := io.ReadFull(c, frame[:]); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, c, int64(frame[1])<<8|int64(frame[2])); err != nil {
			t.Fatal(err)
		}
	}
	for next(); frame[3] != 4 || frame[4] != 1; { // the acknowledgement of our SETTINGS
		next()
	}
	began := time.Now()
	done := draining(t, s)
	for next(); frame[3] != 7; { // GOAWAY
		next()
	}
	if took := time.Since(began); took > drainLinger/2 {
		t.Errorf("the GOAWAY took %s", took)
	}
	for next(); frame[3] != 7; { // the final one, though the client has not said that it has heard
		next()
	}
	wantEnd(t, "the connection", c)
	if err := wait(t, "Shutdown", done); err != nil {
		t.Error(err)
	}
}

// Close cuts connections of HTTP/2, and requests on them.
func TestCloseCutsHTTP2(t *testing.T) {
	began := make(chan struct{})
	s, addr := serving(t, "tcp", func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	})
	failed := make(chan error, 1)
	client := http2Client(t, func() (net.Conn, error) { return net.Dial("tcp", addr.String()) })
	go func() {
		response, err := client.Get("http://example.org/")
		if err == nil {
			_ = response.Body.Close()
		}
		failed <- err
	}()
	wait(t, "the handler", began)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if wait(t, "the client", failed) == nil {
		t.Error("it was answered")
	}
}

// Who says nothing, and goes on saying it when told to go, holds nobody's place.
func TestSilentHTTP2IsEvictedAtOnce(t *testing.T) {
	s, addr := bounded(t, "tcp", Options{MaxConnections: 1}, time.Nanosecond, answers)
	for range 5 {
		silent := connect(t, addr)
		send(t, silent, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		eventually(t, "it rests", func() bool { return s.resting() == 1 })
	}
	began := time.Now()
	c := connect(t, addr)
	send(t, c, request)
	wantAnswer(t, "the new one", c, false)
	if took := time.Since(began); took > time.Second {
		t.Errorf("it waited for %s", took)
	}
}
