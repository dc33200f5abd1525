package rawio

import (
	"io"
	"sync"
	"syscall"
	"unsafe"
)

// Conn reads and writes a descriptor that the runtime's poller has. Deadlines and
// Close are those of the object that it was made of.
type Conn struct {
	raw     syscall.RawConn
	in, out transfer
}

// transfer is one direction. Its function is made once: a closure for each call
// would be one allocation for each.
type transfer struct {
	mu    sync.Mutex // held for a whole Read or Write
	trap  uintptr
	p     []byte
	n     int
	errno syscall.Errno
	try   func(fd uintptr) bool
}

// New returns a Conn of what c is, which must never be made to block, as
// (*os.File).Fd may do: the scheduler would stand still with it.
func New(c syscall.Conn) (*Conn, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	rc := &Conn{raw: raw}
	rc.in.trap, rc.in.try = syscall.SYS_READ, rc.in.once
	rc.out.trap, rc.out.try = syscall.SYS_WRITE, rc.out.once
	return rc, nil
}

// once tries; false means that the descriptor is not ready.
func (t *transfer) once(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(t.trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(t.p))), uintptr(len(t.p)))
		switch errno {
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			t.n, t.errno = int(n), errno
			return true
		}
	}
}

// run transfers some of p, when wait says that the descriptor is ready.
func (t *transfer) run(wait func(func(fd uintptr) bool) error, p []byte) (int, error) {
	t.p = p
	err := wait(t.try)
	t.p = nil
	switch {
	case err != nil:
		return 0, err
	case t.errno != 0:
		return 0, t.errno
	}
	return t.n, nil
}

// Read is io.Reader's. Its errors are syscall.Errno or what the RawConn says.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	n, err := c.in.run(c.raw.Read, p)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, err
}

// Write is io.Writer's. Its errors are syscall.Errno or what the RawConn says.
// What several goroutines write at a time is not mixed, however slow the reader.
func (c *Conn) Write(p []byte) (written int, err error) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	for written < len(p) && err == nil {
		var n int
		n, err = c.out.run(c.raw.Write, p[written:])
		written += n
	}
	return written, err
}
