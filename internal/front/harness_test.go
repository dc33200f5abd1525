package front

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The run fails on goroutines of servers and connections that outlive the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	var leaked string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		buf := make([]byte, 1<<20)
		leaked = string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(leaked, "net/http.(*") && !strings.Contains(leaked, "front.(*Server)") && !strings.Contains(leaked, "internal/h1.(*") && !strings.Contains(leaked, "internal/h2.(*") {
			leaked = ""
			break
		}
	}
	if code == 0 && leaked != "" {
		os.Stderr.WriteString("goroutines are left:\n" + leaked)
		code = 1
	}
	os.Exit(code)
}

const patience = 10 * time.Second

// serving runs handler on a listener of the network until the test ends.
func serving(t *testing.T, network string, handler http.HandlerFunc) (*Server, net.Addr) {
	t.Helper()
	l := listenOn(t, network)
	return servingOn(t, l, handler), l.Addr()
}

func listenOn(t *testing.T, network string) drainable {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l.(drainable)
}

// servingOn runs handler on l until the test ends.
func servingOn(t *testing.T, l net.Listener, handler http.HandlerFunc) *Server {
	t.Helper()
	s := newServer(handler)
	serve(t, s, l)
	return s
}

func newServer(handler http.HandlerFunc) *Server {
	return New(handler, Options{Logger: slog.New(slog.DiscardHandler)})
}

func serve(t *testing.T, s *Server, l net.Listener) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	eventually(t, "it serves", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.listeners) > 0
	})
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// connect dials, and gives up on anything that takes too long.
func connect(t *testing.T, addr net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// wait returns when the channel does, or fails the test.
func wait[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("%s: nothing happened in %s", what, patience)
	}
	return v
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not in %s: %s", patience, what)
		}
	}
}
