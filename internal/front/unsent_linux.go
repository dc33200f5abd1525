package front

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes wait in the system for the client to take them: of TCP,
// to acknowledge them (tcp(7), SIOCOUTQ).
func unsent(c syscall.Conn) (n uint64) {
	control(c, func(fd int) bool {
		if waiting, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ); err == nil {
			n = uint64(waiting)
		}
		return true
	})
	return n
}
