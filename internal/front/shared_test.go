package front

import (
	"net"
	"os"
	"testing"
)

// sharedListener is one that another process has, too.
type sharedListener struct{ drainable }

func (sharedListener) Shared() bool { return true }

// again is the same listening socket, as another process has it.
func again(t *testing.T, l net.Listener) net.Listener {
	t.Helper()
	f, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	second, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	return second
}

// A stop that comes before the first accept knows of the listener.
func TestDrainBeforeTheFirstAccept(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			l, s := listenOn(t, network), newServer(answers)
			accept := s.Add(l, Listening{})
			c := connect(t, l.Addr())
			send(t, c, request)
			done := draining(t, s)
			ended := make(chan error, 1)
			go func() { ended <- accept() }()
			wantAnswer(t, "it was in the backlog", c, true)
			_ = c.Close()
			if err := wait(t, "Shutdown", done); err != nil {
				t.Error(err)
			}
			if err := wait(t, "serving", ended); err != nil {
				t.Error(err)
			}
		})
	}
}

// What waits in the backlog of a shared listener is the other process's, which
// goes on accepting; what was accepted is served.
func TestDrainOfASharedListener(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			l := listenOn(t, network)
			if u, ok := l.(*net.UnixListener); ok {
				u.SetUnlinkOnClose(false)
			}
			other := again(t, l)
			old := servingOn(t, sharedListener{l}, answers)
			accepted := connect(t, l.Addr())
			send(t, accepted, request)
			wantAnswer(t, "by the old one", accepted, false)

			done := draining(t, old)
			eventually(t, "the old one accepts no more", func() bool {
				old.mu.Lock()
				defer old.mu.Unlock()
				return len(old.listeners) == 0
			})
			var waiting []net.Conn
			for range 10 { // nobody accepts now
				c := connect(t, other.Addr())
				send(t, c, request)
				waiting = append(waiting, c)
			}
			send(t, accepted, request)
			wantAnswer(t, "accepted before", accepted, true)
			_ = accepted.Close()
			if err := wait(t, "Shutdown", done); err != nil {
				t.Error(err)
			}
			servingOn(t, other, answers)
			for _, c := range waiting {
				wantAnswer(t, "in the backlog", c, false)
			}
		})
	}
}
