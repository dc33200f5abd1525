package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stream is what *net.TCPListener and *net.UnixListener have in common.
type stream interface {
	net.Listener
	syscall.Conn
	SetDeadline(time.Time) error
}

// Socket is a listening socket. It knows whether other processes have it, too,
// and which file is its own if it is a Unix one.
type Socket struct {
	stream
	name   string
	file   *socketFile // nil on TCP
	shared atomic.Bool
	held   bool // a service manager has it, too, and always will
	served bool // by the process that has given it
}

// OwnFile makes a Socket of a Unix listener that was just bound to path, which
// is absolute. Closing it removes the file.
func OwnFile(l *net.UnixListener, path string) (*Socket, error) {
	// Package net would remove whatever has the name when the listener closes.
	l.SetUnlinkOnClose(false)
	file, err := newSocketFile(path)
	if err != nil {
		return nil, err
	}
	return &Socket{stream: l, name: Address{Path: path}.String(), file: file}, nil
}

// Name is the address that the socket was opened for, as Address.String writes it.
// A socket that was handed over keeps the name that it was given with.
func (s *Socket) Name() string { return s.name }

// Share says whether another process has the socket as well: one that lives on
// when this one closes it. Nothing that would be felt there is done to it then:
// its file stays, and so do the connections that wait in its backlog.
func (s *Socket) Share(shared bool) { s.shared.Store(shared) }

// Shared reports what Share was told last. A socket that was given by a service
// manager always is.
func (s *Socket) Shared() bool { return s.held || s.shared.Load() }

// Adjust changes what can be changed of an open socket that was taken over. A backlog
// of 0 stays as it is.
func (s *Socket) Adjust(o Options) error {
	if s.file != nil {
		if err := o.applyTo(s.file.path); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return s.setBacklog(o.Backlog)
}

// Held says whether the socket is a service manager's.
func (s *Socket) Held() bool { return s.held }

// Served says whether the process that has given the socket serves clients on it.
func (s *Socket) Served() bool { return s.served }

// setBacklog: listen(2) on a socket that listens changes that alone.
func (s *Socket) setBacklog(n int) error {
	if n <= 0 {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	controlErr := raw.Control(func(fd uintptr) {
		err = os.NewSyscallError("listen", unix.Listen(int(fd), n))
	})
	return errors.Join(controlErr, err)
}

func (s *Socket) withBacklog(n int) (*Socket, error) {
	if err := s.setBacklog(n); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return s, nil
}

// Reachable reports whether clients find the socket: a Unix one needs its file.
func (s *Socket) Reachable() bool { return s.file == nil || s.file.isOwn() }

// Duplicate returns the socket once more, for another process. It does not block
// and is closed on exec. (The File method of package net's listeners would do,
// were it not that os.StartProcess makes its result block, and with it ours.)
func (s *Socket) Duplicate() (*os.File, error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	controlErr := raw.Control(func(own uintptr) {
		fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0)
	})
	if controlErr != nil {
		return nil, controlErr
	}
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), s.name), nil
}

// Close stops listening. It removes the file of a Unix socket, unless the socket
// is shared or another server has put its own in that place meanwhile.
func (s *Socket) Close() error {
	if s.file != nil && !s.Shared() {
		s.file.remove()
	}
	return s.stream.Close()
}

// socketFile is the file of a Unix socket.
type socketFile struct {
	path string
	info fs.FileInfo
	once sync.Once
}

func newSocketFile(path string) (*socketFile, error) {
	path, err := filepath.Abs(path) // it is removed by this name even if the working directory changes
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	return &socketFile{path: path, info: info}, err
}

// isOwn: what a user cannot see, which root has made, is still there for all it knows.
func (f *socketFile) isOwn() bool {
	now, err := os.Lstat(f.path)
	return errors.Is(err, fs.ErrPermission) || err == nil && os.SameFile(now, f.info)
}

// remove is called before the socket closes: while it is open its inode cannot be
// used again, so that the comparison is sound.
func (f *socketFile) remove() {
	f.once.Do(func() {
		if f.isOwn() {
			_ = os.Remove(f.path) // if it fails, the next server takes the file over
		}
	})
}
