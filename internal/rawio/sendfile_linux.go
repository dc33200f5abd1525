package rawio

import "syscall"

// maxSendFile is how much one call of sendfile(2) may send, so that what a fast reader
// takes does not hold the processor for long.
const maxSendFile = 1 << 20

// SendFile sends count bytes of a regular file from its offset on, which moves. It ends
// without an error where the file does.
func (c *Conn) SendFile(source uintptr, count int64) (written int64, err error) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.source = source
	for written < count {
		c.out.count = int(min(count-written, maxSendFile))
		if err = c.raw.Write(c.out.tryFile); err != nil {
			return written, err
		}
		if c.out.errno != 0 {
			return written, c.out.errno
		}
		if c.out.n == 0 {
			return written, nil
		}
		written += int64(c.out.n)
		c.sent.Add(uint64(c.out.n))
	}
	return written, nil
}

// onceFile sends some of it. This one is announced: a
// file may have to be read from a disk.
func (t *transfer) onceFile(fd uintptr) bool {
	for {
		n, _, errno := syscall.Syscall6(syscall.SYS_SENDFILE, fd, t.source, 0, uintptr(t.count), 0, 0)
		if errno != syscall.EINTR {
			return t.ended(n, errno)
		}
	}
}
