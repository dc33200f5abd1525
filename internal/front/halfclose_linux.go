package front

import "golang.org/x/sys/unix"

// tcpCloseWait is the kernel's state of a connection whose peer has sent a FIN
// and to which we may still write (include/net/tcp_states.h).
const tcpCloseWait = 8

// onlyHalfClosed says whether the peer has closed its direction without having
// reset the connection. Where that cannot be known the answer is no.
func onlyHalfClosed(conn any) bool {
	switch c := conn.(type) {
	case *tcpConn:
		return control(c, func(fd int) bool {
			info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
			return err == nil && info.State == tcpCloseWait
		})
	case *unixConn:
		return control(c, func(fd int) bool {
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
			_, err := unix.Poll(fds, 0)
			return err == nil && fds[0].Revents&unix.POLLHUP == 0
		})
	}
	return false
}
