package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"highball/internal/listen"
)

const (
	// maxPath is the longest path that a Unix socket address holds, in bytes: 107
	// on Linux, 103 on macOS. The last byte of the kernel's array ends the string.
	maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

	socketMode = 0o600
	backlog    = 16
)

// Listen opens a control socket at path that only this user, and root, may
// connect to. The socket of a server that is gone is replaced; one that is in
// use, or anything else at that path, is an error. Closing the listener removes it.
func Listen(path string) (*listen.Socket, error) {
	path, err := socketPath(path)
	if err != nil {
		return nil, err
	}
	if err := removeDead(path); err != nil {
		return nil, err
	}
	l, err := listen.ListenFile(path, listen.Options{Mode: socketMode, Backlog: backlog})
	if err != nil {
		return nil, explain(path, err)
	}
	s, err := listen.OwnFile(l, path)
	if err != nil {
		l.Close()
		return nil, explain(path, err)
	}
	return s, nil
}

// socketPath makes path absolute, so that it means the same in any directory,
// and that a leading "@" is not taken for Linux's abstract names.
func socketPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("control socket %s: %w", path, err)
	}
	if n := len(abs); n > maxPath {
		return "", fmt.Errorf("control socket %s: path of %d bytes, the system allows %d: choose a shorter one with --control", abs, n, maxPath)
	}
	return abs, nil
}

// removeDead removes the socket of a server that is gone. It returns nil if the
// path is free afterwards.
func removeDead(path string) error {
	before, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return explain(path, err)
	case before.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("control socket %s: exists and is not a socket: remove it, or choose another path with --control", path)
	}
	if err := probe(context.Background(), path); !isDead(err) {
		if err == nil {
			err = syscall.EADDRINUSE
		}
		return explain(path, err)
	}
	// Another server that starts now may have replaced it since.
	now, err := os.Lstat(path)
	if err == nil && (!os.SameFile(before, now) || !before.ModTime().Equal(now.ModTime())) {
		return explain(path, syscall.EADDRINUSE)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(path, err)
	}
	return nil
}

// probe connects and goes away again.
func probe(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return err
	}
	return c.Close()
}

// isDead says whether an error of connecting means that nobody listens. Every
// doubt, such as a full backlog, counts as a live server.
func isDead(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// explain says of a server's socket what happened and what to do.
func explain(path string, err error) error {
	say := func(text string) error { return fmt.Errorf("control socket %s: %s (%w)", path, text, cause(err)) }
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.EAGAIN):
		return say("another server has it: choose another path with --control")
	case errors.Is(err, fs.ErrNotExist):
		return say(fmt.Sprintf("directory %s does not exist: create it, or choose another path with --control", dir))
	case errors.Is(err, fs.ErrPermission):
		return say(fmt.Sprintf("this user may not write to %s, or to the socket: choose another path with --control", dir))
	}
	return say("choose another path with --control")
}

// cause is the system's error, without the names that the text has already.
func cause(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}
