package spool

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// unnamed makes a file that never has a name; on file systems that cannot do that,
// one whose name is taken away at once.
func unnamed(dir string) (*os.File, error) {
	for {
		fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), dir+"/(spool)"), nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL):
			return named(dir) // open(2): what file systems and kernels without it say
		}
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
}

// reopen opens the file once more, if /proc is there.
func reopen(f *os.File) (*os.File, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var again *os.File
	var openErr error
	err = raw.Control(func(fd uintptr) {
		again, openErr = os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(fd)), os.O_RDONLY, 0)
	})
	if err != nil {
		return nil, err
	}
	if errors.Is(openErr, unix.ENOENT) || errors.Is(openErr, unix.EACCES) {
		return duplicate(f)
	}
	return again, openErr
}
