package front

import (
	"net"
	"os"
	"syscall"
	"time"
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
	return fileConn(file)
}

// fileConn is net.FileConn, which needs one descriptor more for a moment. A
// connection that was accepted is not lost for that: others end meanwhile.
func fileConn(file *os.File) (net.Conn, error) {
	for late := time.Now().Add(drainLinger); ; time.Sleep(time.Millisecond) {
		c, err := net.FileConn(file)
		if !isShortage(err) || time.Now().After(late) {
			return c, err
		}
	}
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
