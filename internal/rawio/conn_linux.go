package rawio

import (
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Conn reads and writes a descriptor that the runtime's poller has. Deadlines and
// Close are those of the object that it was made of.
type Conn struct {
	raw     syscall.RawConn
	in, out transfer
	sent    atomic.Uint64
}

// transfer is one direction. Its functions are made once: a closure for each call
// would be one allocation for each.
type transfer struct {
	mu     sync.Mutex // held for a whole Read or Write
	trap   uintptr
	p      []byte
	iov    [2]syscall.Iovec // of WriteTwo
	source uintptr          // of SendFile, with how much of it
	count  int
	lend   Buffers // of ReadLate: p is from there
	n      int
	errno  syscall.Errno

	try, tryLate, tryTwo, tryFile func(fd uintptr) bool
}

// New returns a Conn of what c is, which must never be made to block, as
// (*os.File).Fd may do: the scheduler would stand still with it.
func New(c syscall.Conn) (*Conn, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	rc := &Conn{raw: raw}
	rc.in.trap, rc.in.try, rc.in.tryLate = syscall.SYS_READ, rc.in.once, rc.in.onceLate
	rc.out.trap, rc.out.try = syscall.SYS_WRITE, rc.out.once
	rc.out.tryTwo, rc.out.tryFile = rc.out.onceTwo, rc.out.onceFile
	return rc, nil
}

// once tries; false means that the descriptor is not ready.
func (t *transfer) once(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(t.trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(t.p))), uintptr(len(t.p)))
		if errno != syscall.EINTR {
			return t.ended(n, errno)
		}
	}
}

// ended keeps what a call has returned, unless the descriptor was not ready.
func (t *transfer) ended(n uintptr, errno syscall.Errno) bool {
	t.n, t.errno = int(n), errno
	return errno != syscall.EAGAIN
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
		c.sent.Add(uint64(n))
	}
	return written, err
}

// Sent is how many bytes the system has taken so far; it grows within a Write that
// waits for a slow reader.
func (c *Conn) Sent() uint64 { return c.sent.Load() }
