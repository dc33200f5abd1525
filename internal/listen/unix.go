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

func listenUnix(ctx context.Context, a Address) (*Socket, error) {
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
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", a.Path)
	if err != nil {
		return nil, explainUnix(a, err)
	}
	s, err := OwnFile(l.(*net.UnixListener), abs)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("%s: the new socket vanished: does another program clean up this directory? %w", a, err)
	}
	s.name = a.String()
	return s, nil
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
