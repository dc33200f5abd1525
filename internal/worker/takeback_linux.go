package worker

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// takeBack reads from a pipe that the worker reads from as well. The pipe is in
// packet mode (O_DIRECT, pipe(7)): each write of up to packet bytes is read whole
// or not at all, by whoever comes first.
type takeBack struct {
	fd  int // a description of its own, which does not block
	buf [packet]byte
}

// minPackets is how many packets a pipe must hold for calls to wait in it. Each
// takes a page, whatever its size.
const minPackets = 16

// newTakeBack takes back from the pipe whose two ends these are. It returns nil
// where that cannot be had; then no call may wait behind another.
func newTakeBack(readEnd, writeEnd *os.File) *takeBack {
	size, err := unix.FcntlInt(readEnd.Fd(), unix.F_GETPIPE_SZ, 0)
	if err != nil || size < minPackets*os.Getpagesize() {
		return nil // a user with very many pipes gets small ones (pipe(7))
	}
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(int(readEnd.Fd())), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	if !setPacketMode(writeEnd, true) || !setPacketMode(writeEnd, false) {
		_ = unix.Close(fd)
		return nil
	}
	return &takeBack{fd: fd}
}

// setPacketMode reports whether the writes to f are packets, or a stream, now.
func setPacketMode(f *os.File, on bool) (ok bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		if on {
			flags |= unix.O_DIRECT
		} else {
			flags &^= unix.O_DIRECT
		}
		if err == nil {
			_, err = unix.FcntlInt(fd, unix.F_SETFL, flags)
		}
		ok = err == nil
	})
	return ok && err == nil
}

// read returns the next packet, which is valid until the next call, or nothing.
func (t *takeBack) read() []byte {
	for {
		n, err := unix.Read(t.fd, t.buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return t.buf[:max(n, 0)]
	}
}

func (t *takeBack) close() {
	if t != nil {
		_ = unix.Close(t.fd)
	}
}
