package front

import (
	"net"
	"os"
	"syscall"
)

// acceptNow accepts a connection without waiting: its error is EAGAIN if none is
// there. Package net can only wait, and a deadline that is over hides what is there.
func acceptNow(l drainable) (net.Conn, error) {
	fd, err := -1, error(net.ErrClosed)
	control(l, func(listening int) bool {
		syscall.ForkLock.RLock() // no child gets it before it is marked
		defer syscall.ForkLock.RUnlock()
		for {
			fd, _, err = syscall.Accept(listening)
			switch err {
			case nil:
				syscall.CloseOnExec(fd)
				return true
			case syscall.EINTR, syscall.ECONNABORTED: // the client has left: the next one
			default:
				return false
			}
		}
	})
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "connection")
	defer file.Close() // FileConn duplicates it
	return net.FileConn(file)
}

// control runs check on the descriptor of c; without one the answer is no.
func control(c syscall.Conn, check func(fd int) bool) (answer bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) { answer = check(int(fd)) })
	return answer
}
