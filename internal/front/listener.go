package front

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// listener gives out connections that can stop reading. Once it drains, it gives
// out those that its backlog holds, and closes. The backlog of a listener that
// another process has too is left to that one.
type listener struct {
	net.Listener
	server   *Server
	how      Listening
	draining atomic.Bool
	closing  sync.Once

	// Only Accept looks at these.
	refusing bool          // it has begun to take the rest
	limit    time.Duration // for how long it does
}

var errAllAccepted = errors.New("all connections of the backlog were accepted")

// drainable is what *net.TCPListener and *net.UnixListener can do.
type drainable interface {
	net.Listener
	syscall.Conn
	SetDeadline(time.Time) error
}

// shareable is a listener that may be another process's as well.
type shareable interface{ Shared() bool }

func (l *listener) isShared() bool {
	s, ok := l.Listener.(shareable)
	return ok && s.Shared()
}

// drain has the Accept that waits, and those after it, take the backlog.
func (l *listener) drain() {
	l.draining.Store(true)
	if d, ok := l.Listener.(drainable); !ok || d.SetDeadline(time.Unix(1, 0)) != nil {
		_ = l.Close()
	}
}

// Close is called by Accept, and by others once more: that is no error.
func (l *listener) Close() (err error) {
	l.closing.Do(func() { err = l.Listener.Close() })
	return err
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return track(c, l.server)
}

func (l *listener) accept() (net.Conn, error) {
	for !l.draining.Load() {
		c, err := l.Listener.Accept()
		if isShortage(err) { // which is no reason to stop
			l.server.short.note(err)
			time.Sleep(shortWait)
			continue
		}
		if err == nil || !l.draining.Load() {
			return c, err
		}
	}
	d, ok := l.Listener.(drainable)
	if !ok || l.isShared() {
		_ = l.Close()
		return nil, errAllAccepted
	}
	return l.acceptRest(d)
}

// acceptRest takes the next connection of the backlog. When none is left, or
// they come for too long, it closes the listener at once: on TCP the kernel
// resets what it has accepted between the two.
func (l *listener) acceptRest(d drainable) (net.Conn, error) {
	if !l.refusing {
		l.refusing, l.limit = true, l.server.linger
		refuse(d)
	}
	for l.server.sinceDrain() < l.limit {
		c, err := acceptNow(d)
		if err == nil {
			return c, nil
		}
		if !isShortage(err) {
			break
		}
		l.limit = 2 * l.server.linger // by then those on which nothing is asked have ended
		time.Sleep(shortWait)
	}
	_ = l.Close()
	return nil, errAllAccepted
}
