package front

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// bounded serves answers with these options until the test ends. Connections count as
// idle after idleFor.
func bounded(t *testing.T, network string, o Options, idleFor time.Duration, handler http.HandlerFunc) (*Server, net.Addr) {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := New(handler, o)
	s.admission.idleFor = idleFor
	l := listenOn(t, network)
	serve(t, s, l)
	return s, l.Addr()
}

// wantNothing checks that a connection ends without a byte, by a reset perhaps.
func wantNothing(t *testing.T, what string, c net.Conn) {
	t.Helper()
	if got, err := io.ReadAll(c); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: %q came, %v", what, got, err)
	}
}

// areIdle: an answer is there a moment before its connection is idle.
func areIdle(s *Server, n int) func() bool {
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		idle := 0
		for c := range s.conns {
			if c.waiting.Load() {
				idle++
			}
		}
		return idle == n
	}
}

func isOpen(s *Server, n int) func() bool { return func() bool { return s.Stats().Open == n } }

// A new connection takes the place of the one that has been idle longest: one that has
// never asked, or one that has its answer.
func TestIdleIsClosedForNew(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			s, addr := bounded(t, network, Options{MaxConnections: 2}, time.Nanosecond, answers)
			first := connect(t, addr)
			eventually(t, "the first is open", isOpen(s, 1))
			second := connect(t, addr)
			send(t, second, request)
			wantAnswer(t, "the second", second, false)
			eventually(t, "both are idle", areIdle(s, 2))
			third := connect(t, addr)
			send(t, third, request)
			wantAnswer(t, "the third", third, false)
			wantNothing(t, "the first, idle longest", first)
			eventually(t, "both are idle", areIdle(s, 2))
			fourth := connect(t, addr)
			send(t, fourth, request)
			wantAnswer(t, "the fourth", fourth, false)
			wantNothing(t, "the second", second)
			send(t, third, request)
			wantAnswer(t, "the third again", third, false)
			if got := s.Stats(); got.Accepted != 4 || got.Evicted != 2 || got.Waited != 0 || got.Open != 2 || got.Max != 2 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// One that was told to go, and whose client had asked by then, stays and is answered;
// if the client has not, it ends.
func TestEvictionLosesNothing(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			nc, client := accepted(t, network)
			c := nc.(interface{ track() *tracked }).track()
			c.Idle()
			send(t, client, request) // nobody reads yet
			if !c.evict(time.Duration(c.idleSince.Load())) {
				t.Fatal("it is not idle")
			}
			p := make([]byte, 2*len(request))
			if n, err := nc.Read(p); err != nil || string(p[:n]) != request {
				t.Fatalf("%q, %v", p[:n], err)
			}
			send(t, client, "more")
			if n, err := nc.Read(p); err != nil || string(p[:n]) != "more" {
				t.Fatalf("it does not stay: %q, %v", p[:n], err)
			}
			since := time.Duration(c.idleSince.Load())
			if c.evict(since) {
				t.Error("evicted while it is asked")
			}
			c.Idle()
			if c.idleSince.Load() != int64(since) && c.evict(since) {
				t.Error("evicted, though it has been asked since")
			}
			if !c.evict(time.Duration(c.idleSince.Load())) {
				t.Fatal("it is not idle")
			}
			if _, err := nc.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("it goes on: %v", err)
			}
		})
	}
}

// Where none is idle a new connection waits, others in the backlog behind it, until one
// ends; no request that runs is touched.
func TestNewWaitsForBusy(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			began, finish := make(chan struct{}, 9), make(chan struct{})
			s, addr := bounded(t, network, Options{MaxConnections: 2}, time.Nanosecond, func(w http.ResponseWriter, r *http.Request) {
				began <- struct{}{}
				<-finish
				answers(w, r)
			})
			var clients []net.Conn
			for i := range 5 {
				c := connect(t, addr)
				send(t, c, request)
				clients = append(clients, c)
				if i < 2 {
					wait(t, "a request", began)
				}
			}
			eventually(t, "one waits", func() bool { return s.Stats().Waited == 1 })
			if got := s.Stats(); got.Open != 2 || got.Evicted != 0 {
				t.Errorf("%+v", got)
			}
			close(finish)
			for _, c := range clients { // those that have their answers make room
				wantAnswer(t, "in the end", c, false)
			}
		})
	}
}

// One that is busy is not closed, though it is older than one that is idle.
func TestBusyStays(t *testing.T) {
	began, finish := make(chan struct{}, 2), make(chan struct{})
	s, addr := bounded(t, "tcp", Options{MaxConnections: 2}, time.Nanosecond, func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-finish
		answers(w, r)
	})
	busy := connect(t, addr)
	send(t, busy, request)
	wait(t, "its request", began)
	idle := connect(t, addr)
	eventually(t, "the other is idle", areIdle(s, 1))
	third := connect(t, addr)
	send(t, third, request)
	wait(t, "the request of the third", began)
	wantNothing(t, "the idle one", idle)
	close(finish)
	wantAnswer(t, "the busy one", busy, false)
	wantAnswer(t, "the third", third, false)
	if got := s.Stats(); got.Evicted != 1 || got.Waited != 0 {
		t.Errorf("%+v", got)
	}
}

// On HTTP/2 what has come by then may be no request: whether it is, its server says.
func TestEvictionOfHTTP2(t *testing.T) {
	nc, client := accepted(t, "tcp")
	c := nc.(interface{ track() *tracked }).track()
	c.http2.Store(true)
	c.Idle()
	send(t, client, "a frame")
	if !c.evict(time.Duration(c.idleSince.Load())) {
		t.Fatal("it is not idle")
	}
	p := make([]byte, 16)
	if n, err := nc.Read(p); err != nil || n == 0 {
		t.Fatalf("%d, %v", n, err)
	}
	if c.expired.Load() || !c.waiting.Load() {
		t.Error("a frame alone is no request, and no end")
	}
}

// A connection on which something was asked a moment ago is not closed for another: its
// client may be about to ask again.
func TestNotIdleForLong(t *testing.T) {
	s, addr := bounded(t, "tcp", Options{MaxConnections: 1}, time.Hour, answers)
	c := connect(t, addr)
	send(t, c, request)
	wantAnswer(t, "the first", c, false)
	other := connect(t, addr)
	send(t, other, request)
	eventually(t, "the other waits", func() bool { return s.Stats().Waited == 1 })
	send(t, c, request)
	wantAnswer(t, "the first again", c, false)
	_ = c.Close()
	wantAnswer(t, "the other, at last", other, false)
}

// A connection that waits for room hinders neither a drain, in which it is served, nor Close.
func TestWaitingForRoomEnds(t *testing.T) {
	for _, way := range []string{"drain", "close"} {
		t.Run(way, func(t *testing.T) {
			finish := make(chan struct{})
			s, addr := bounded(t, "tcp", Options{MaxConnections: 1}, time.Hour, func(w http.ResponseWriter, r *http.Request) {
				<-finish
				answers(w, r)
			})
			var all []net.Conn
			for i := range 3 {
				c := connect(t, addr)
				send(t, c, request)
				all = append(all, c)
				if i == 0 {
					eventually(t, "the first is open", isOpen(s, 1))
				}
			}
			eventually(t, "another waits", func() bool { return s.Stats().Waited == 1 })
			if way == "close" {
				close(finish)
				_ = s.Close()
				wantNothing(t, "it waited", all[2])
				return
			}
			done := draining(t, s)
			eventually(t, "all are let in", isOpen(s, 3))
			close(finish)
			for _, c := range all {
				wantAnswer(t, "accepted, or in the backlog", c, true)
				_ = c.Close()
			}
			if err := wait(t, "Shutdown", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// Several listeners that wait for room each get it.
func TestListenersWaitForRoom(t *testing.T) {
	finish := make(chan struct{})
	s, addr := bounded(t, "tcp", Options{MaxConnections: 1}, time.Nanosecond, func(w http.ResponseWriter, r *http.Request) {
		<-finish
		answers(w, r)
	})
	other := listenOn(t, "unix")
	go func() { _ = s.Serve(other) }()
	first := connect(t, addr)
	send(t, first, request)
	eventually(t, "the first is open", isOpen(s, 1))
	second, third := connect(t, addr), connect(t, other.Addr())
	for _, c := range []net.Conn{second, third} {
		send(t, c, request)
	}
	eventually(t, "two wait", func() bool { return s.Stats().Waited == 2 })
	close(finish)
	for _, c := range []net.Conn{first, second, third} {
		wantAnswer(t, "in the end", c, false)
		_ = c.Close()
	}
}

// Connections of HTTP/2 count, and are closed for others as well.
func TestHTTP2Counts(t *testing.T) {
	s, addr := bounded(t, "tcp", Options{MaxConnections: 1}, time.Nanosecond, answers)
	for range 3 {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		defer transport.CloseIdleConnections()
		client := http.Client{Transport: transport, Timeout: patience}
		response, err := client.Get("http://" + addr.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		c := connect(t, addr)
		send(t, c, request)
		wantAnswer(t, "for which it was closed", c, false)
		_ = c.Close()
	}
	eventually(t, "none is open", isOpen(s, 0))
	if got := s.Stats(); got.Evicted < 3 {
		t.Errorf("%+v", got)
	}
}

// What is told to the log, is told once; with what there is to be done.
func TestFullIsToldOnce(t *testing.T) {
	var lines logged
	s, addr := bounded(t, "tcp", Options{MaxConnections: 1, Logger: lines.logger()}, time.Nanosecond, answers)
	for range 5 {
		c := connect(t, addr)
		send(t, c, request)
		wantAnswer(t, "each", c, false)
	}
	if got := s.Stats(); got.Evicted != 4 {
		t.Errorf("%+v", got)
	}
	if n := strings.Count(lines.text(), "idle connections are closed for new ones; raise max-connections"); n != 1 {
		t.Errorf("told %d times:\n%s", n, lines.text())
	}
}

// logged keeps what a logger writes.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
