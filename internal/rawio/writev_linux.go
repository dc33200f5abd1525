package rawio

import (
	"runtime"
	"syscall"
	"unsafe"
)

// WriteTwo writes a and then b, by one call where the system takes both.
func (c *Conn) WriteTwo(a, b []byte) (written int, err error) {
	if len(a) == 0 || len(b) == 0 {
		return c.Write(append(a[:len(a):len(a)], b...))
	}
	c.out.mu.Lock()
	n, err := c.writeTwo(a, b)
	c.out.mu.Unlock()
	switch {
	case err != nil || n == len(a)+len(b):
		return n, err
	case n < len(a):
		more, err := c.Write(a[n:])
		if n += more; err != nil {
			return n, err
		}
		fallthrough
	default:
		more, err := c.Write(b[n-len(a):])
		return n + more, err
	}
}

func (c *Conn) writeTwo(a, b []byte) (int, error) {
	c.out.iov = [2]syscall.Iovec{{Base: &a[0]}, {Base: &b[0]}}
	c.out.iov[0].SetLen(len(a))
	c.out.iov[1].SetLen(len(b))
	err := c.raw.Write(c.out.tryTwo)
	c.out.iov = [2]syscall.Iovec{}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	switch {
	case err != nil:
		return 0, err
	case c.out.errno != 0:
		return 0, c.out.errno
	}
	c.sent.Add(uint64(c.out.n))
	return c.out.n, nil
}

func (t *transfer) onceTwo(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&t.iov)), uintptr(len(t.iov)))
		if errno != syscall.EINTR {
			return t.ended(n, errno)
		}
	}
}
