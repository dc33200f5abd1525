package highball

import (
	"os"
	"slices"

	"highball/internal/listen"
)

// Socket is a listening socket on its way from one process to another.
type Socket struct {
	// Address is what the process that opened the socket calls it: its entry of
	// Config.Bind or, as "unix:/path", Config.Control; "fd://3" or "systemd:NAME" if
	// a service manager has opened it. Beside a UDP socket there is one by which the two
	// processes share its packets. It may be empty.
	Address string

	// File is the socket. Whoever receives it closes it.
	File *os.File

	// Idle says that the process which has opened the socket serves nobody on it, as
	// a service manager; the server need not wait until it can replace that one.
	Idle bool
}

// Ready is closed when Run accepts connections and its workers are ready: all of
// them if it uses sockets of Config.Sockets, else the first.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Sockets returns duplicates of the listening sockets of Run and of its control
// socket, for another process's Config.Sockets. It leaves out a Unix socket whose
// file is gone or another server's by now: that process had better open its own.
func (s *Server) Sockets() ([]Socket, error) {
	if s.cfg.Attached != nil {
		return nil, errAttached
	}
	r, err := s.runThatServes()
	if err != nil {
		return nil, err
	}
	var sockets []Socket
	for _, own := range r.sockets() {
		if !own.Reachable() {
			continue
		}
		file, err := own.Duplicate()
		if err != nil {
			closeAll(sockets)
			return nil, err
		}
		sockets = append(sockets, Socket{Address: own.Name(), File: file})
	}
	packets, err := r.offerPackets()
	if err != nil {
		closeAll(sockets)
	}
	return append(sockets, packets...), err
}

// HandOver is told which of Sockets, by their addresses, another process serves
// from now on. When Run ends it leaves the connections in their backlogs and the
// files of Unix sockets to that process, and does not wait for ShutdownDelay. Once
// Run has been told to end it is too late for that: the error is ErrClosed.
func (s *Server) HandOver(addresses []string) error {
	r, err := s.runThatServes()
	if err != nil {
		return err
	}
	if s.isStopping() {
		return ErrClosed
	}
	r.handedOver.Store(true)
	for _, own := range r.sockets() {
		if slices.Contains(addresses, own.Name()) {
			own.Share(true)
		}
	}
	for _, p := range r.packets {
		if slices.Contains(addresses, p.Name()) {
			p.Yield()
		}
	}
	if r.control != nil && r.control.Shared() {
		_ = r.control.Close() // whoever asks is to reach the other one
	}
	return nil
}

func (s *Server) isStopping() bool {
	select {
	case <-s.closed:
		return true
	default:
		return s.draining.Load()
	}
}

// Inherited gives the addresses of those of Config.Sockets that Run uses.
func (s *Server) Inherited() []string {
	r, err := s.runThatServes()
	if err != nil {
		return nil
	}
	return r.inherited
}

// Own says that the process which had the sockets of Config.Sockets has let go of
// them. Before that, Run treats them as its guest: when it ends it leaves the
// connections in their backlogs and the files of Unix sockets to that process.
func (s *Server) Own() error {
	r, err := s.runThatServes()
	if err != nil {
		return err
	}
	for _, own := range r.sockets() {
		own.Share(false)
	}
	for _, p := range r.packets {
		p.Own()
	}
	return nil
}

// runThatServes is the run, if its sockets are complete.
func (s *Server) runThatServes() (*run, error) {
	select {
	case <-s.ready:
		return s.running.Load(), nil
	default:
		return nil, ErrNotStarted
	}
}

// StartProcess is os.StartProcess for a Server that is Standalone: the process is
// not taken for one that the workers have left behind. How it ends is sent to ended,
// nothing if that cannot be known; the caller must not wait for it.
func (s *Server) StartProcess(name string, argv []string, attr *os.ProcAttr) (p *os.Process, ended <-chan *os.ProcessState, err error) {
	err = s.children.Start(func() (int, error) {
		if p, err = os.StartProcess(name, argv, attr); err != nil {
			return 0, err
		}
		return p.Pid, nil
	})
	if err != nil {
		return nil, nil, err
	}
	end := make(chan *os.ProcessState, 1)
	go func() {
		defer close(end)
		state, err := p.Wait()
		s.children.Ended(p.Pid)
		if err == nil {
			end <- state
		}
	}()
	return p, end, nil
}

// given turns Config.Sockets into what internal/listen matches addresses with.
func (c *Config) given() []listen.Given {
	var given []listen.Given
	for _, s := range c.Sockets {
		given = append(given, listen.Given{Name: s.Address, File: s.File, Idle: s.Idle})
	}
	return given
}
