package worker

import (
	"os"

	"golang.org/x/sys/unix"
)

// memoryFile makes an anonymous file of size bytes to share with a worker.
func memoryFile(size int) (*os.File, error) {
	fd, err := unix.MemfdCreate("highball", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "memfd")
	if err := f.Truncate(int64(size)); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
