package front

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"highball/internal/origin"
)

// certified is a configuration of TLS for a server, and one of a client that trusts it.
func certified(t *testing.T, protocols ...string) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	server = s.TLS.Clone()
	server.NextProtos = protocols
	return server, &tls.Config{
		RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com", NextProtos: protocols,
	}
}

// secured serves handler by TLS, and returns how to connect.
func secured(t *testing.T, network string, s *Server, protocols ...string) (addr net.Addr, dial func() *tls.Conn) {
	t.Helper()
	server, client := certified(t, protocols...)
	l := listenOn(t, network)
	serveHow(t, s, l, Listening{TLS: server, Variables: func(state *tls.ConnectionState) []origin.Variable {
		return []origin.Variable{{Name: "SSL_CLIENT_VERIFY", Value: fmt.Sprint(state.HandshakeComplete)}}
	}})
	return l.Addr(), func() *tls.Conn { return tls.Client(connect(t, l.Addr()), client) }
}

func serveHow(t *testing.T, s *Server, l net.Listener, how Listening) {
	t.Helper()
	accept := s.Add(l, how)
	ended := make(chan error, 1)
	go func() { ended <- accept() }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
}

// Over TLS all is as without: requests one after the other, several in one record, large
// bodies both ways, and what the handshake has said.
func TestTLS(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s := newServer(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_, _ = fmt.Fprintf(w, "%s %d %v %s\n%s", r.URL.Path, len(body), r.TLS != nil, origin.Of(r.Context()).Variables[0].Value, body)
			})
			_, dial := secured(t, network, s, "http/1.1")
			c, body := dial(), strings.Repeat("b", 300<<10)
			c.SetDeadline(time.Now().Add(patience))
			in := bufio.NewReader(c)
			for range 3 {
				ask := fmt.Sprintf("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				go io.WriteString(c, ask+"GET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n")
				for _, want := range []string{fmt.Sprintf("/a %d true true\n%s", len(body), body), "/b 0 true true\n", "/c 0 true true\n"} {
					if got, _ := receive(t, in); got != want {
						t.Fatalf("%.60q, want %.60q", got, want)
					}
				}
			}
			if got := s.Stats(); got.Handshakes != 1 || got.HandshakesFailed != 0 || got.Sent < 3*int64(len(body)) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// HTTP/2 is what both want, and its requests know as much.
func TestTLSWithHTTP2(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s := newServer(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprintln(w, r.Proto, r.TLS != nil, origin.Of(r.Context()).Variables[0].Value, connOf(r.Context()) != nil)
			})
			_, dial := secured(t, network, s, "h2", "http/1.1")
			protocols := new(http.Protocols)
			protocols.SetHTTP2(true)
			transport := &http.Transport{Protocols: protocols, DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				c := dial()
				return c, c.HandshakeContext(ctx)
			}}
			defer transport.CloseIdleConnections()
			response, err := (&http.Client{Transport: transport}).Get("https://example.com/")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			if string(body) != "HTTP/2.0 true true true\n" {
				t.Errorf("%q", body)
			}
			eventually(t, "the connection is idle", areIdle(s, 1))
			if err := s.Shutdown(patient(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// HTTP/2 over TLS is negotiated (RFC 9113 3.2); who begins with it anyhow is refused.
func TestTLSWithAPreface(t *testing.T) {
	_, dial := secured(t, "tcp", newServer(answers), "http/1.1")
	c := dial()
	_, _ = io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if answer, _ := io.ReadAll(c); !strings.HasPrefix(string(answer), "HTTP/1.1 ") {
		t.Errorf("%q", answer)
	}
}

// A drain answers what comes within its linger, and ends what is idle in order.
func TestTLSDrain(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s := newServer(answers)
			_, dial := secured(t, network, s, "http/1.1")
			asks, idle, fresh, silent := dial(), dial(), dial(), dial()
			for _, c := range []*tls.Conn{asks, idle} {
				_, _ = io.WriteString(c, request)
				wantAnswer(t, "before", c, false)
			}
			if err := fresh.Handshake(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "all are there", func() bool { return s.Stats().Accepted == 4 })
			eventually(t, "all have shaken hands", func() bool { return s.Stats().Handshakes == 3 })
			eventually(t, "all are idle", areIdle(s, 4))
			done := draining(t, s)
			_, _ = io.WriteString(asks, request)
			wantAnswer(t, "asked in the drain", asks, true)
			wantEnd(t, "asked in the drain", asks)
			_, _ = io.WriteString(fresh, request)
			wantAnswer(t, "asked first in the drain", fresh, true)
			wantEnd(t, "idle", idle)
			wantEnd(t, "silent", silent.NetConn())
			if err := wait(t, "the drain", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// At the limit idle connections make room, and lose nothing: what has come by then, below
// TLS, is answered.
func TestTLSEviction(t *testing.T) {
	s := New(http.HandlerFunc(answers), Options{MaxConnections: 1, Logger: slog.New(slog.DiscardHandler)})
	s.admission.idleFor = time.Nanosecond
	_, dial := secured(t, "tcp", s, "http/1.1")
	first := dial()
	_, _ = io.WriteString(first, request)
	wantAnswer(t, "the first", first, false)
	eventually(t, "it is idle", areIdle(s, 1))
	second := dial()
	_, _ = io.WriteString(second, request)
	wantAnswer(t, "the second", second, false)
	wantEnd(t, "the first", first)
	if got := s.Stats(); got.Evicted != 1 {
		t.Errorf("%+v", got)
	}
}

// Who does not shake hands is not waited for, and who speaks something else is told in a
// way that a person reads; neither is a matter of the log.
func TestTLSRefusals(t *testing.T) {
	log := &logged{}
	s := New(http.HandlerFunc(answers), Options{HeaderTimeout: 100 * time.Millisecond, Logger: log.logger()})
	addr, dial := secured(t, "tcp", s, "http/1.1")
	wantNothing(t, "says nothing", connect(t, addr))
	for _, plain := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789", "OPTIONS * HTTP/1.1\r\n\r\n"} {
		c := connect(t, addr)
		send(t, c, plain)
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "https://") {
			t.Errorf("%.20q: %q, %v", plain, answer, err)
		}
	}
	c := connect(t, addr)
	send(t, c, "\x00\x01\x02\x03\x04\x05\x06\x07")
	wantNothing(t, "says rubbish", c)
	old := dial()
	old.Close()
	eventually(t, "all have ended", isOpen(s, 0))
	if got := s.Stats(); got.HandshakesFailed != 6 || got.PlainOnTLS != 3 || got.Handshakes != 0 {
		t.Errorf("%+v", got)
	}
	if text := log.text(); text != "" {
		t.Errorf("the log: %s", text)
	}
}

// A handshake that is the whole of a connection: of a CA.
func TestTLSOfAChallenge(t *testing.T) {
	s := newServer(answers)
	_, dial := secured(t, "tcp", s, acmeProtocol)
	c := dial()
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, "it", c)
	eventually(t, "it has ended", isOpen(s, 0))
}

// A client that stops taking is cut off, one that goes on slowly is not, by what TLS's
// bytes the other side has taken.
func TestTLSSendTimeout(t *testing.T) {
	const timeout = 200 * time.Millisecond
	failed := make(chan error, 1)
	s := newServer(func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(make([]byte, 16<<20))
		failed <- err
	})
	s.http1.WriteTimeout = timeout
	_, dial := secured(t, "tcp", s, "http/1.1")
	c := dial()
	_, _ = io.WriteString(c, request)
	often := time.NewTicker(timeout / 20)
	defer often.Stop()
	for began, piece := time.Now(), make([]byte, 16<<10); time.Since(began) < 5*timeout; <-often.C {
		if _, err := c.Read(piece); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-failed:
			t.Fatalf("after %s: %v", time.Since(began), err)
		default:
		}
	}
	if err := wait(t, "the end", failed); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// A client that waits for leave to send its body gets it.
func TestTLSContinue(t *testing.T) {
	s := newServer(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	_, dial := secured(t, "tcp", s, "http/1.1")
	c := dial()
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n")
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = in.ReadString('\n')
	_, _ = io.WriteString(c, "answer")
	if body, _ := receive(t, in); body != "answer" {
		t.Errorf("%q", body)
	}
}

// withholding sends what is written on its way only with what is written after it: the end
// of a handshake travels with the first request.
type withholding struct {
	net.Conn
	writes int
	held   []byte
}

func (c *withholding) Write(p []byte) (int, error) {
	c.held = append(c.held, p...)
	if c.writes++; c.writes == 2 {
		return len(p), nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = nil
	return len(p), err
}

// A request that has come with the end of the handshake is one that is served: neither a
// drain nor a new connection ends it.
func TestTLSRequestWithTheHandshake(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-finish
		answers(w, r)
	}), Options{MaxConnections: 1, Logger: slog.New(slog.DiscardHandler)})
	s.admission.idleFor = time.Nanosecond
	addr, dial := secured(t, "tcp", s, "http/1.1")
	first := dial()
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}
	c := tls.Client(&withholding{Conn: first.NetConn()}, config)
	go io.WriteString(c, request)
	wait(t, "the handler", began)
	if areIdle(s, 1)() {
		t.Error("it counts as idle")
	}
	_ = connect(t, addr)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err == nil {
		t.Error("the drain does not wait for it")
	}
	close(finish)
	wantAnswer(t, "it", c, true)
}

// A client may end its direction and wait for the answer, by TLS's own word.
func TestTLSHalfClose(t *testing.T) {
	_, dial := secured(t, "tcp", newServer(answers), "http/1.1")
	c := dial()
	_, _ = io.WriteString(c, request)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, "it", c, false)
	wantEnd(t, "it", c)
}
