package rawio

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should take milliseconds.
const patience = 20 * time.Second

// object is what connections and pipes have.
type object interface {
	io.ReadWriteCloser
	syscall.Conn
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// end is one end of a connection or pipe, and the Conn that is tested.
type end struct {
	object
	raw *Conn
}

func newEnd(t *testing.T, o object) end {
	t.Helper()
	raw, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return end{o, raw}
}

// kinds are what a Conn is made of.
var kinds = []string{"tcp", "unix", "pipe"}

// each runs body with both ends of each kind: what goes into one comes out of the other.
func each(t *testing.T, body func(t *testing.T, in, out end)) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			in, out := ends(t, kind)
			body(t, in, out)
		})
	}
}

func ends(t *testing.T, kind string) (in, out end) {
	t.Helper()
	if kind == "pipe" {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return newEnd(t, w), newEnd(t, r)
	}
	dialed, accepted := connected(t, kind)
	return newEnd(t, dialed.(object)), newEnd(t, accepted.(object))
}

func connected(t *testing.T, network string) (dialed, accepted net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if dialed, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return dialed, accepted
}

// result is what a Read or Write in another goroutine has returned.
type result struct {
	n   int
	err error
}

// start runs a Read or Write in another goroutine.
func start(call func([]byte) (int, error), p []byte) <-chan result {
	c := make(chan result, 1)
	go func() {
		n, err := call(p)
		c <- result{n, err}
	}()
	return c
}

func wait(t *testing.T, c <-chan result) result {
	t.Helper()
	select {
	case r := <-c:
		return r
	case <-time.After(patience):
		t.Fatal("it does not return")
		return result{}
	}
}
