package spool

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// named makes a file and takes its name away.
func named(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "highball-spool-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// duplicate is Reopen's last resort. Nobody else uses this offset: File reads and writes
// by offsets of its own.
func duplicate(f *os.File) (*os.File, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var dupErr error
	if err := raw.Control(func(old uintptr) { fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("fcntl", dupErr)
	}
	again := os.NewFile(uintptr(fd), f.Name())
	if _, err := again.Seek(0, io.SeekStart); err != nil {
		_ = again.Close()
		return nil, err
	}
	return again, nil
}
