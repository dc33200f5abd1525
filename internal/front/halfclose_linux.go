package front

import "golang.org/x/sys/unix"

// tcpCloseWait is the kernel's state of a connection whose peer has sent a FIN
// and to which we may still write (include/net/tcp_states.h).
const tcpCloseWait = 8

// halfCloseDelay is how long after its last byte a client may close its direction
// and still count as waiting for its response, in ms. The kernel counts in steps of
// up to 10 ms.
const halfCloseDelay = 20

// closedLater says whether the peer's FIN came a while after its last data. The
// kernel measures that: how busy this process is does not matter. Who has closed a
// Unix socket wholly is known, and never half-closed.
func closedLater(conn any) bool {
	c, ok := conn.(*tcpConn)
	return ok && control(c, func(fd int) bool {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err == nil && info.Last_data_recv > info.Last_ack_recv+halfCloseDelay
	})
}

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
