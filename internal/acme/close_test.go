package acme

import (
	"net"
	"testing"
	"time"

	"highball/e2e/harness"
)

// A stop does not wait for an authority that says nothing.
func TestCloseDoesNotWait(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			asked <- conn
		}
	}()
	m, err := New(Options{Names: []string{"example.test"}, Dir: t.TempDir(), CA: "https://" + l.Addr().String() + "/dir"})
	if err != nil {
		t.Fatal(err)
	}
	start(t, m)
	<-asked
	closed := make(chan struct{})
	go func() { m.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(harness.Patience / 4):
		t.Error("it does")
	}
}
