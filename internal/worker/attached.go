package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"highball/internal/wire"
)

// Attached is a Python process that runs already and takes the zygote's place: a
// program that has made its application itself. It is never killed, and there is no
// other when it has ended.
type Attached struct {
	conn      *net.UnixConn
	pid       int
	pidfd     *os.File // nil where the system has none
	inThreads bool

	taken  atomic.Bool // by the only generation
	gone   chan struct{}
	isGone sync.Once
}

// Attach takes the front's end of the process's command socket. With inThreads the
// process forks nothing: it answers Fork, once, by threads of its own.
func Attach(command *os.File, pid int, inThreads bool) (*Attached, error) {
	conn, err := net.FileConn(command)
	if err != nil {
		return nil, fmt.Errorf("the command socket: %w", err)
	}
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		_ = conn.Close()
		return nil, errors.New("the command socket is no Unix socket")
	}
	a := &Attached{conn: unix, pid: pid, pidfd: openPidfd(pid), inThreads: inThreads, gone: make(chan struct{})}
	if a.pidfd != nil {
		go func() {
			awaitPidfd(a.pidfd)
			a.end()
		}()
	}
	return a, nil
}

// Gone is closed when the process has ended or closed its command socket.
func (a *Attached) Gone() <-chan struct{} { return a.gone }

// end also wakes who reads the socket: children of the process may hold it open.
func (a *Attached) end() {
	a.isGone.Do(func() {
		close(a.gone)
		_ = a.conn.Close()
		if a.pidfd != nil {
			_ = a.pidfd.Close() // whoever waits on it is woken
		}
	})
}

// attach has the process take the place of a zygote that is started.
func (z *zygote) attach(a *Attached) error {
	if !a.taken.CompareAndSwap(false, true) {
		return errors.New("the program that serves its own application has ended, or has been told to load it: nobody can start it again")
	}
	z.attached, z.channel = a, &channel{conn: a.conn}
	go func() {
		<-z.gone
		a.end()
		close(z.exited)
	}()
	return nil
}

// startAttached is for a process that is not to be killed if it fails.
func startAttached(ctx context.Context, opts *Options, begin Beginning) (*zygote, error) {
	z := newZygote(opts)
	if err := z.attach(opts.Attached); err != nil {
		return nil, err
	}
	go z.receive()
	config := opts.config()
	begin.tell(config)
	if err := z.channel.send(wire.TypeLoad, config); err != nil {
		return nil, fmt.Errorf("%w: %w", errZygoteGone, err)
	}
	err := z.awaitLoaded(ctx)
	if _, said := errors.AsType[*LoadError](err); err != nil && !said { // else it waits for what comes of that
		z.kill()
	}
	if err != nil {
		return nil, err
	}
	return z, nil
}

// isHosted says whether the worker is threads of an attached process, which lives on
// when they have ended.
func (w *Worker) isHosted() bool { return w.opts.Attached != nil && w.opts.Attached.inThreads }
