package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// optionError is about the mode or the owner that an operator has asked for.
type optionError struct{ err error }

func (e *optionError) Error() string { return e.err.Error() }
func (e *optionError) Unwrap() error { return e.err }

// applyTo gives the file of a socket the mode and the owner that o names.
func (o Options) applyTo(path string) error {
	uid, gid, err := o.ids()
	if err != nil {
		return &optionError{err}
	}
	if o.Mode == 0 && uid < 0 && gid < 0 {
		return nil
	}
	return setFile(path, o.Mode, uid, gid)
}

// SetOwner gives the file of a socket to a user and a group. It is for nothing but
// sockets: whatever else has come to stand at path is left alone.
func SetOwner(path string, uid, gid int) error { return setFile(path, 0, uid, gid) }

// setFile changes what differs, so that one who may not change anything may start a
// server whose socket is right already.
func setFile(path string, mode fs.FileMode, uid, gid int) error {
	before, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if mode != 0 && mode != before.Mode().Perm() {
		if err := onSocket(path, func(f socketRef) error { return f.chmod(mode) }); err != nil {
			return &optionError{fmt.Errorf("mode %o: %w", mode, errno(err))}
		}
	}
	owner := before.Sys().(*syscall.Stat_t)
	if (uid < 0 || int(owner.Uid) == uid) && (gid < 0 || int(owner.Gid) == gid) {
		return nil
	}
	err = onSocket(path, func(f socketRef) error { return f.chown(uid, gid) })
	if errors.Is(err, fs.ErrPermission) {
		return &optionError{fmt.Errorf("owner and group: %w: only root may give a file away, and others only to a group that they are in", errno(err))}
	}
	if err != nil {
		return &optionError{fmt.Errorf("owner and group: %w", errno(err))}
	}
	return nil
}

// errno is the system's error, without the names of package os.
func errno(err error) error {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	return err
}

var errNotSocket = errors.New("something else than a socket is there")
