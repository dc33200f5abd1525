package front

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// On Unix sockets nothing can come between the last accept and the close: a
// connect is refused from the first accept of the drain on.
func TestDrainRefusesBeforeItAccepts(t *testing.T) {
	inner := listenOn(t, "unix")
	defer inner.Close()
	s := newServer(answers)
	s.began = time.Now()
	for range 2 {
		connect(t, inner.Addr())
	}
	l := &listener{Listener: inner, server: s}
	l.drain()
	for i := range 2 {
		c, err := l.Accept()
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer c.Close()
		if _, err := net.Dial("unix", inner.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after accept %d: dial: %v", i, err)
		}
	}
	if _, err := l.Accept(); !errors.Is(err, errAllAccepted) {
		t.Errorf("at the end: %v", err)
	}
}
