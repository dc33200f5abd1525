package h1

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// A client that resets, or closes a Unix socket, ends its request's context; one
// that has only ended its own direction does not.
func TestLeaving(t *testing.T) {
	for name, c := range map[string]struct {
		network string
		leave   func(net.Conn)
		gone    bool
	}{
		"reset":       {"tcp", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }, true},
		"half-close":  {"tcp", func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() }, false},
		"unix close":  {"unix", func(c net.Conn) { _ = c.Close() }, true},
		"unix half":   {"unix", func(c net.Conn) { _ = c.(*net.UnixConn).CloseWrite() }, false},
		"more to say": {"tcp", func(c net.Conn) { _, _ = io.WriteString(c, get) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			begun, ended := make(chan struct{}, 2), make(chan error, 2)
			s := &Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				begun <- struct{}{}
				limit := 50 * time.Millisecond
				if c.gone {
					limit = patience
				}
				select {
				case <-r.Context().Done():
					ended <- r.Context().Err()
				case <-time.After(limit):
					ended <- nil
				}
			})}
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			client, wait := onNetwork(t, s, c.network)
			_, _ = io.WriteString(client, get)
			<-begun
			c.leave(client)
			want := error(nil)
			if c.gone {
				want = context.Canceled
			}
			if err := <-ended; err != want {
				t.Errorf("the context: %v, want %v", err, want)
			}
			_ = client.Close()
			wait()
			s.Stop()
			s.leaves.mu.Lock()
			defer s.leaves.mu.Unlock()
			if len(s.leaves.by) > 0 {
				t.Errorf("%d connections are not forgotten", len(s.leaves.by))
			}
		})
	}
}

// onNetwork has s serve one connection; wait returns when it has.
func onNetwork(t *testing.T, s *Server, network string) (client net.Conn, wait func()) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if c, err := l.Accept(); err == nil {
			s.ServeConn(t.Context(), c)
		}
	}()
	if client, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return client, func() { <-served; _ = l.Close() }
}
