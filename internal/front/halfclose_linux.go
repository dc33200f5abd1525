package front

import (
	"net"

	"golang.org/x/sys/unix"
)

// closedLater says whether the peer's FIN came a while after its last data. The
// kernel measures that: how busy this process is does not matter. Who has closed a
// Unix socket wholly is known, and never half-closed.
func closedLater(conn net.Conn) bool {
	c, ok := conn.(*tcpConn)
	return ok && control(c, func(fd int) bool {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err == nil && info.Last_data_recv > info.Last_ack_recv+halfCloseDelay
	})
}
