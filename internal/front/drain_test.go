package front

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// heldListener accepts nothing until it is let.
type heldListener struct {
	drainable
	let chan struct{}
}

func (l heldListener) Accept() (net.Conn, error) {
	<-l.let
	return l.drainable.Accept()
}

// draining begins a Shutdown and returns when it drains.
func draining(t *testing.T, s *Server) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	ctx := patient(t)
	go func() { done <- s.Shutdown(ctx) }()
	for deadline := time.Now().Add(patience); !s.Draining(); {
		if time.Now().After(deadline) {
			t.Fatal("it does not drain")
		}
	}
	s.sinceDrain() // Draining is true a moment before the listeners know
	return done
}

func answers(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "answer") }

// receive reads one response and says whether the connection closes after it.
func receive(t *testing.T, r *bufio.Reader) (body string, closes bool) {
	t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), response.Close
}

// wantAnswer checks that "answer" comes, and whether with Connection: close.
func wantAnswer(t *testing.T, what string, c net.Conn, closes bool) {
	t.Helper()
	if body, got := receive(t, bufio.NewReader(c)); body != "answer" || got != closes {
		t.Errorf("%s: %q, closes: %v; want it answered, closes: %v", what, body, got, closes)
	}
}

// wantEnd checks that the connection ends, not by a reset.
func wantEnd(t *testing.T, what string, c net.Conn) {
	t.Helper()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("%s goes on with %q, %v", what, rest, err)
	}
}

// What waits in the backlog when a drain begins is served.
func TestDrainOfABacklog(t *testing.T) {
	const queued = 100
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			held := heldListener{listenOn(t, network), make(chan struct{})}
			s := servingOn(t, held, answers)
			var clients []net.Conn
			for range queued {
				clients = append(clients, connect(t, held.Addr()))
			}
			done := draining(t, s)
			close(held.let)
			for _, c := range clients {
				send(t, c, request)
			}
			for i, c := range clients {
				wantAnswer(t, fmt.Sprintf("connection %d", i), c, true)
				_ = c.Close()
			}
			if err := wait(t, "Shutdown", done); err != nil {
				t.Error(err)
			}
			if _, err := net.Dial(network, held.Addr().String()); err == nil {
				t.Error("a new connection is accepted after the drain")
			}
		})
	}
}

// A request that is on its way when a drain begins is answered; a connection on
// which none comes is closed after the linger.
func TestDrainLingers(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s, addr := serving(t, network, answers)
			var used, idle, fresh, silent, slow net.Conn
			for _, c := range []*net.Conn{&used, &idle, &fresh, &silent, &slow} {
				*c = connect(t, addr)
			}
			for _, c := range []net.Conn{used, idle} {
				send(t, c, request)
				wantAnswer(t, "before", c, false)
			}
			eventually(t, "all are accepted and at rest", func() bool { return s.accepted() == 5 && s.resting() == 5 })
			send(t, slow, request[:10])
			eventually(t, "one has begun to ask", func() bool { return s.resting() == 4 })
			began := time.Now()
			done := draining(t, s)
			<-time.After(200 * time.Millisecond)
			for what, c := range map[string]net.Conn{"the used": used, "the fresh": fresh} {
				send(t, c, request)
				wantAnswer(t, what, c, true)
				wantEnd(t, what, c)
				_ = c.Close()
			}
			select {
			case err := <-done:
				t.Fatalf("Shutdown returned %v while connections lingered", err)
			default:
			}
			wantEnd(t, "the idle", idle)
			wantEnd(t, "the silent", silent)
			send(t, slow, request[10:])
			wantAnswer(t, "the slow", slow, true)
			_ = slow.Close()
			if took := time.Since(began); took < drainLinger-50*time.Millisecond || took > 4*drainLinger {
				t.Errorf("they were closed after %s, want %s", took, drainLinger)
			}
			if err := wait(t, "Shutdown", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// resting counts the connections on which nothing is asked.
func (s *Server) resting() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.waiting.Load() {
			n++
		}
	}
	return n
}

func (s *Server) accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// A request in progress says so if its head can still say it; if not, the
// connection lingers when it is done, and the next one says it.
func TestDrainOfRequestsInProgress(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s, addr := serving(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			answers(w, r)
			return
		case "/headed":
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
		}
		began <- struct{}{}
		<-finish
		answers(w, r)
	})
	get := func(c net.Conn, path string) { send(t, c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n") }
	headed, last, headless := connect(t, addr), connect(t, addr), connect(t, addr)
	get(headed, "/headed")
	get(last, "/headed")
	get(headless, "/headless")
	for range 3 {
		wait(t, "each", began)
	}
	done := draining(t, s)
	close(finish)
	wantAnswer(t, "the headless", headless, true)
	wantEnd(t, "the headless", headless)
	_ = headless.Close()
	wantAnswer(t, "the headed", headed, false)
	get(headed, "/")
	wantAnswer(t, "the next", headed, true)
	_ = headed.Close()
	wantAnswer(t, "the other headed", last, false)
	wantEnd(t, "the other headed", last)
	if err := wait(t, "Shutdown", done); err != nil {
		t.Error(err)
	}
}

// A handler that writes nothing, or copies, or flushes, answers as others do.
func TestDrainWithEachKindOfAnswer(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s, addr := serving(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-finish
		switch r.URL.Path {
		case "/copies":
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("x")})
		case "/flushes":
			_ = http.NewResponseController(w).Flush()
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
		}
	})
	clients := map[string]net.Conn{"/nothing": nil, "/copies": nil, "/flushes": nil, "/hints": nil}
	for path := range clients {
		clients[path] = connect(t, addr)
		send(t, clients[path], "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		wait(t, path, began)
	}
	done := draining(t, s)
	close(finish)
	for path, c := range clients {
		text, err := io.ReadAll(c)
		interim, final, _ := strings.Cut(string(text), "\r\n\r\n")
		if path != "/hints" {
			interim, final = "", string(text)
		}
		if err != nil || strings.Contains(interim, "close") || strings.Count(final, "Connection: close\r\n") != 1 {
			t.Errorf("%s: %q, %v", path, text, err)
		}
		_ = c.Close()
	}
	if err := wait(t, "Shutdown", done); err != nil {
		t.Error(err)
	}
}

// The last answer arrives though a client has sent the next request before it.
func TestDrainOfAPipeline(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			began, finish := make(chan struct{}), make(chan struct{})
			s, addr := serving(t, network, func(w http.ResponseWriter, r *http.Request) {
				close(began)
				<-finish
				answers(w, r)
			})
			c := connect(t, addr)
			send(t, c, request)
			wait(t, "the handler", began)
			send(t, c, strings.Repeat(request, 100))
			done := draining(t, s)
			close(finish)
			text, err := io.ReadAll(c)
			if err != nil || !strings.HasSuffix(string(text), "answer") || strings.Count(string(text), "HTTP/1.1") != 1 {
				t.Errorf("%q, %v; want one whole answer", text, err)
			}
			_ = c.Close()
			if err := wait(t, "Shutdown", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// The end of the linger does not hide what has come before it.
func TestRequestAtTheEndOfTheLinger(t *testing.T) {
	for _, network := range networks {
		server, client := accepted(t, network)
		c := server.(interface{ track() *tracked }).track()
		c.Idle()
		send(t, client, "ab")
		c.expire(c.spell)
		p := make([]byte, 1)
		for _, want := range "ab" { // the second read is as if nothing had been
			if n, err := server.Read(p); n != 1 || err != nil || p[0] != byte(want) {
				t.Errorf("%s: %q, %v; want %q", network, p[:n], err, want)
			}
		}
		c.Idle()
		stale := c.spell - 1
		if c.expire(stale); c.expired.Load() {
			t.Errorf("%s: a timer of the time before ended it", network)
		}
		c.expire(c.spell)
		_, err := server.Read(p)
		if opError := wantOpError(t, err, "read", server); !opError.Timeout() {
			t.Errorf("%s: %v, want a timeout", network, err)
		}
		_ = client.Close()
		if n, err := server.Read(p); n != 0 || err != io.EOF {
			t.Errorf("%s: after the client's end: %d, %v", network, n, err)
		}
	}
}

// Nor while a read waits, nor if net/http sets its own deadline meanwhile.
func TestRequestAndTheEndOfTheLinger(t *testing.T) {
	for _, network := range networks {
		server, client := accepted(t, network)
		c := server.(interface{ track() *tracked }).track()
		for i := range 5000 {
			c.Idle()
			spell := c.spell
			read := make(chan error, 1)
			go func() {
				_, err := server.Read(make([]byte, 1))
				read <- err
			}()
			send(t, client, "x")
			c.expire(spell)
			if err := wait(t, "Read", read); err != nil {
				t.Fatalf("%s: round %d: %v", network, i, err)
			}
		}
		c.Idle()
		c.expire(c.spell)
		_ = server.SetReadDeadline(time.Now().Add(patience))
		start := time.Now()
		if n, err := server.Read(make([]byte, 1)); err == nil || time.Since(start) > patience/2 {
			t.Errorf("%s: %d, %v after %s", network, n, err, time.Since(start))
		}
	}
}

// A drain that has nothing to wait for does not wait.
func TestDrainOfNothing(t *testing.T) {
	s, _ := serving(t, "tcp", answers)
	began := time.Now()
	if err := s.Shutdown(patient(t)); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > drainLinger/4 {
		t.Errorf("it took %s", took)
	}
	if err := s.Shutdown(patient(t)); err != nil {
		t.Errorf("the second: %v", err)
	}
	l := listenOn(t, "tcp")
	if err := s.Serve(l); err != nil {
		t.Errorf("Serve after Shutdown: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve after Shutdown has not closed the listener: %v", err)
	}
}

// With a context that has ended a drain closes what rests, and does not wait.
func TestDrainWithoutTime(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s, addr := serving(t, "tcp", func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			close(began)
			<-finish
		}
	})
	defer close(finish)
	idle := connect(t, addr)
	send(t, idle, request)
	receive(t, bufio.NewReader(idle))
	busy := connect(t, addr) // with a request that is read together with another
	send(t, busy, request+"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	wait(t, "the handler", began)
	eventually(t, "the other rests", func() bool { return s.resting() == 1 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	if err := s.Shutdown(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with a request in progress: %v", err)
	}
	wantEnd(t, "the idle", idle)
	if took := time.Since(start); took > drainLinger/2 {
		t.Errorf("it took %s", took)
	}
	if _, err := net.Dial("tcp", addr.String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v", err)
	}
}

// A drain in which only connections at rest are left ends well, whenever ctx does.
func TestDrainWithLessTimeThanTheLinger(t *testing.T) {
	s, addr := serving(t, "tcp", answers)
	c := connect(t, addr)
	eventually(t, "it is accepted", func() bool { return s.resting() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), drainLinger/10)
	defer cancel()
	began := time.Now()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("nobody had asked anything: %v", err)
	}
	wantEnd(t, "the connection", c)
	if took := time.Since(began); took > drainLinger/2 {
		t.Errorf("it was closed after %s", took)
	}
}

// A server that was never used, and one whose Shutdown was all that ended it, leave
// nothing: TestMain looks.
func TestNothingIsLeftWithoutClose(t *testing.T) {
	newServer(answers)
	s, l := newServer(answers), listenOn(t, "tcp")
	ended := make(chan error, 1)
	serve := s.Add(l, Listening{})
	go func() { ended <- serve() }()
	c := connect(t, l.Addr())
	eventually(t, "it is accepted", func() bool { return s.resting() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("nobody had asked anything: %v", err)
	}
	wantEnd(t, "the connection", c)
	if err := wait(t, "Serve", ended); err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// Close does not linger, nor let others.
func TestCloseCutsADrain(t *testing.T) {
	began := make(chan struct{})
	finish := make(chan struct{})
	s, addr := serving(t, "tcp", func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-finish
		answers(w, r)
	})
	s.linger = patience
	silent, told, busy := connect(t, addr), connect(t, addr), connect(t, addr)
	for _, c := range []net.Conn{told, busy} {
		send(t, c, request)
		wait(t, "the handler", began)
	}
	eventually(t, "all are accepted", func() bool { return s.resting() == 1 })
	done := draining(t, s)
	finish <- struct{}{}
	eventually(t, "one is answered, and lingers", func() bool { return s.resting() == 2 })
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, c := range []net.Conn{silent, told, busy} {
		_, _ = io.Copy(io.Discard, c)
	}
	close(finish)
	if err := wait(t, "Shutdown", done); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > patience/4 {
		t.Errorf("it took %s", took)
	}
}
