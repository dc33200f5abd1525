package front

import (
	"net"

	"golang.org/x/sys/unix"
)

// refuse has the kernel take no more connections while those that it holds can
// still be accepted, where it can do that: on Unix sockets. On TCP a shutdown
// would reset the backlog. It holds for all processes that have the socket, so it
// is not for one that is shared.
func refuse(l drainable) {
	if _, ok := l.Addr().(*net.UnixAddr); ok {
		control(l, func(fd int) bool { return unix.Shutdown(fd, unix.SHUT_RD) == nil })
	}
}
