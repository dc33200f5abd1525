package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

func listenUnix(ctx context.Context, a Address, o Options) (*Socket, error) {
	if err := a.checkPath(); err != nil {
		return nil, err
	}
	// The file is removed by this name even if the working directory changes.
	abs, err := filepath.Abs(a.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a, err)
	}
	if err := removeStale(ctx, a, abs); err != nil {
		return nil, err
	}
	l, err := ListenFile(a.Path, o)
	if mine, ok := errors.AsType[*optionError](err); ok {
		return nil, fmt.Errorf("%s: %w", a, mine)
	}
	if err != nil {
		return nil, explainUnix(a, err)
	}
	s, err := OwnFile(l, abs)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("%s: the new socket vanished: does another program clean up this directory? %w", a, err)
	}
	s.name = a.String()
	return s, nil
}

// ListenFile makes the file of a Unix socket and listens. Mode and owner are set
// until listen(2): before that every connection is refused, so that nobody can be sooner. (A umask would do as well, but is the whole
// process's.)
func ListenFile(path string, o Options) (*net.UnixListener, error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close() // FileListener has a duplicate
	if o.Mode != 0 {
		// On Linux the file has at first what the socket has (and the umask leaves): a
		// connect(2) that has looked at the mode, and not yet at the socket, may outlast
		// both of our next calls. Elsewhere this is refused, and the window is that small.
		_ = syscall.Fchmod(fd, uint32(o.Mode.Perm()))
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	l, err := listenBound(file, path, o)
	if err != nil {
		_ = os.Remove(path)
	}
	return l, err
}

func listenBound(file *os.File, path string, o Options) (*net.UnixListener, error) {
	if err := o.applyTo(path); err != nil {
		return nil, err
	}
	backlog := o.Backlog
	if backlog <= 0 {
		backlog = maxBacklog // the system takes what it allows
	}
	if err := syscall.Listen(int(file.Fd()), backlog); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	return l.(*net.UnixListener), nil
}

func listenAbstract(ctx context.Context, a Address, o Options) (*Socket, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", "@"+a.Abstract)
	if err != nil {
		return nil, explainUnix(a, err)
	}
	return (&Socket{stream: l.(*net.UnixListener), name: a.String()}).withBacklog(o.Backlog)
}

// removeStale removes the socket of a server that is gone. It returns nil if the
// path is free afterwards.
func removeStale(ctx context.Context, a Address, path string) error {
	before, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return explainUnix(a, err)
	case before.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s: exists and is not a socket: remove it, or choose another path with --bind", a)
	}
	if err := checkDead(ctx, a); err != nil {
		return err
	}
	// Another server that starts now may have replaced it since: the time tells
	// even where the file system used the inode number again.
	now, err := os.Lstat(path)
	if err == nil && (!os.SameFile(before, now) || !before.ModTime().Equal(now.ModTime())) {
		return &addressError{a, inUse, syscall.EADDRINUSE}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explainUnix(a, err)
	}
	return nil
}

// checkDead returns nil only if the system says that nobody accepts on the
// socket. Every doubt counts as a live server.
func checkDead(ctx context.Context, a Address) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", a.Path)
	switch {
	case err == nil:
		c.Close()
		return &addressError{a, inUse, syscall.EADDRINUSE}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.EAGAIN): // alive, with a full backlog
		return &addressError{a, inUse, syscall.EADDRINUSE}
	case errors.Is(err, syscall.EPROTOTYPE):
		return &addressError{a, "exists and is a socket of another kind: remove it, or choose another path with --bind", syscall.EPROTOTYPE}
	}
	return explainUnix(a, err)
}

func explainUnix(a Address, err error) error {
	dir := filepath.Dir(a.Path)
	explain := func(text string) error { return &addressError{a, text, cause(err)} }
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return explain(inUse)
	case errors.Is(err, fs.ErrNotExist):
		return explain(fmt.Sprintf("directory %s does not exist: create it, or choose another path with --bind", dir))
	case errors.Is(err, syscall.ENOTDIR):
		return explain(fmt.Sprintf("%s is not in a directory: choose another path with --bind", dir))
	case errors.Is(err, fs.ErrPermission):
		return explain(fmt.Sprintf("permission denied: this user needs write access to %s, and to the socket if it exists", dir))
	case errors.Is(err, syscall.EROFS):
		return explain("read-only file system: choose another path with --bind")
	}
	return fmt.Errorf("%s: %w", a, cause(err))
}
