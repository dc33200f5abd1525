package h3

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"

	"highball/e2e/harness"
)

// ended returns when Serve has.
func (r *running) ended(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the drain does not end")
	}
}

func TestADrainFinishesWhatHasBegun(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-goOn
			_, _ = io.Copy(w, io.LimitReader(zeros{}, 3<<20))
		}
		fmt.Fprint(w, "done")
	})
	client := r.client(t)
	slow := make(chan string, 1)
	go func() {
		res, err := client.Get(home + "slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		p, err := io.ReadAll(res.Body)
		slow <- fmt.Sprintf("%d %v", len(p), err)
	}()
	<-begun
	r.Drain()
	select {
	case <-r.done:
		t.Fatal("the drain has not waited")
	case <-time.After(4 * r.Linger):
	}
	// No more connections come in.
	if _, err := r.client(t).Get(home); err == nil {
		t.Error("a connection of the drain's time is served")
	}
	close(goOn)
	if got := <-slow; got != fmt.Sprint(3<<20+4, " <nil>") {
		t.Errorf("the slow response: %s", got)
	}
	r.ended(t)
}

// What a client asks for after the last request that a drain takes, it may ask for
// elsewhere (RFC 9114 5.2).
func TestRequestsAfterTheLastAreRejected(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	r := start(t, func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-goOn
	})
	defer close(goOn)
	q := r.dial(t)
	ask := func() *quic.Stream {
		stream, err := q.OpenStream()
		if err == nil {
			_, err = stream.Write(get())
		}
		if err != nil {
			t.Fatal(err)
		}
		return stream
	}
	ask()
	<-begun
	control, err := q.AcceptUniStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := &reader{src: control, buf: make([]byte, 64)}
	if _, err := in.varint(); err != nil {
		t.Fatal(err)
	}
	r.Drain()
	var said []uint64
	for len(said) < 2 {
		h, err := in.nextFrame()
		if err != nil {
			t.Fatal(err)
		}
		p, err := in.payload(h.length)
		if err != nil {
			t.Fatal(err)
		}
		if h.kind == frameGoAway {
			id, _, _ := quicvarint.Parse(p)
			said = append(said, id)
		}
	}
	if said[0] != lastStream || said[1] != 4 {
		t.Errorf("GOAWAY of %v", said)
	}
	var reset *quic.StreamError
	if _, err := io.ReadAll(ask()); !errors.As(err, &reset) || reset.ErrorCode != quic.StreamErrorCode(requestRejected) {
		t.Errorf("the late request ends with %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Clients that ask all the time lose nothing: what came too late they ask for again.
func TestADrainUnderLoadLosesNothing(t *testing.T) {
	var handled atomic.Int64
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		handled.Add(1)
		fmt.Fprint(w, strings.Repeat("x", 5000))
	})
	var clients sync.WaitGroup
	var got atomic.Int64
	for range 4 {
		client := r.client(t)
		clients.Go(func() {
			for {
				res, err := client.Get(home)
				if err != nil {
					return // no more connections
				}
				p, err := io.ReadAll(res.Body)
				if err != nil || len(p) != 5000 {
					t.Errorf("a response is cut: %d bytes, %v", len(p), err)
				}
				got.Add(1)
			}
		})
	}
	harness.Eventually(t, "200 responses have come", func() bool { return got.Load() >= 200 })
	r.Drain()
	r.ended(t)
	clients.Wait()
	if handled.Load() != got.Load() {
		t.Errorf("%d requests were handled, %d responses arrived", handled.Load(), got.Load())
	}
}

func TestIdleConnectionsEnd(t *testing.T) {
	r := start(t, func(http.ResponseWriter, *http.Request) {}, func(s *Server) { s.IdleTimeout = 100 * time.Millisecond })
	q := r.dial(t)
	select {
	case <-q.Context().Done():
	case <-time.After(10 * time.Second):
		t.Fatal("an idle connection stays")
	}
	var closed *quic.ApplicationError
	if _, err := q.AcceptStream(t.Context()); !errors.As(err, &closed) || closed.ErrorCode != quic.ApplicationErrorCode(http3.ErrCodeNoError) {
		t.Errorf("closed by %v", err)
	}
}

// dial makes a connection on which the test says each byte.
func (r *running) dial(t *testing.T) *quic.Conn {
	t.Helper()
	q, err := quic.DialAddr(t.Context(), r.address.String(), r.clientTLS(), &quic.Config{MaxIdleTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.CloseWithError(quic.ApplicationErrorCode(noError), "") })
	return q
}

func (r *running) clientTLS() *tls.Config {
	return &tls.Config{RootCAs: r.roots, ServerName: "h3.test", NextProtos: []string{protocol}}
}

func TestAHeadThatDoesNotComeIsNotAwaited(t *testing.T) {
	r := start(t, func(http.ResponseWriter, *http.Request) { t.Error("served") }, func(s *Server) { s.HeadTimeout = 200 * time.Millisecond })
	stream, err := r.dial(t).OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Write(get()[:10]); err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(stream)
	if s := (breakerStream{Data: fmt.Sprintf("%x", p)}); err != nil || s.status() != "408" {
		t.Errorf("status %s, %v", s.status(), err)
	}
}

// A client that takes nothing of its response loses it; the connection goes on.
func TestAResponseThatNobodyTakesEnds(t *testing.T) {
	failed := make(chan error, 1)
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/x" {
			return
		}
		_, err := io.Copy(w, io.LimitReader(zeros{}, 64<<20))
		failed <- err
	}, func(s *Server) { s.WriteTimeout = 200 * time.Millisecond })
	client := r.client(t)
	res, err := client.Get(home)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	select {
	case err := <-failed:
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("the write ends with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the write waits for ever")
	}
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the cut response passes for whole")
	}
	other, err := client.Get(home + "x")
	text(t, other, err)
}

func TestConnectionsAreAdmitted(t *testing.T) {
	var open atomic.Int64
	r := start(t, func(http.ResponseWriter, *http.Request) {}, func(s *Server) {
		s.Admit = func(net.Addr) (func(), bool) {
			if open.Add(1) > 1 {
				open.Add(-1)
				return nil, false
			}
			return func() { open.Add(-1) }, true
		}
	})
	first := r.dial(t)
	if _, err := r.client(t).Get(home); err == nil {
		t.Error("a second connection is served")
	}
	_ = first.CloseWithError(quic.ApplicationErrorCode(noError), "")
	harness.Eventually(t, "the first connection is given back", func() bool { return open.Load() == 0 })
	res, err := r.client(t).Get(home)
	text(t, res, err)
}
