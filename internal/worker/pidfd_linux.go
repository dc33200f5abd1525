package worker

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openPidfd returns nil where that cannot be had.
func openPidfd(pid int) *os.File {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil
	}
	_ = unix.SetNonblock(fd, true) // so that os.NewFile hands it to the poller
	return os.NewFile(uintptr(fd), "pidfd")
}

// awaitPidfd returns when the process has ended.
func awaitPidfd(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool { // false: wait until the poller says so
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
	// It is our child if its zygote has gone and we are its subreaper.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.Waitid(unix.P_PIDFD, int(fd), nil, unix.WEXITED|unix.WNOHANG, nil)
	})
}

// sendSignal goes by the pidfd where there is one: a number may be another's by now.
func sendSignal(pid int, pidfd *os.File, sig syscall.Signal) error {
	if pidfd == nil {
		return unix.Kill(pid, sig)
	}
	raw, err := pidfd.SyscallConn()
	if err != nil {
		return os.ErrProcessDone
	}
	var killErr error
	err = raw.Control(func(fd uintptr) { killErr = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	if err != nil || errors.Is(killErr, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return killErr
}
