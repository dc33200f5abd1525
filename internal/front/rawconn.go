package front

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"highball/internal/rawio"
)

// rawConn reads and writes a connection by rawio, with the errors that net would
// give: both engines look at them.
type rawConn struct {
	raw  *rawio.Conn
	conn net.Conn
}

func newRawConn(c interface {
	net.Conn
	syscall.Conn
},
) (*rawConn, error) {
	raw, err := rawio.New(c)
	return &rawConn{raw, c}, err
}

func (c *rawConn) Read(p []byte) (int, error) {
	n, err := c.raw.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.wrap("read", err)
	}
	return n, err
}

func (c *rawConn) Write(p []byte) (int, error) {
	n, err := c.raw.Write(p)
	if err != nil {
		err = c.wrap("write", err)
	}
	return n, err
}

func (c *rawConn) ReadLate(b rawio.Buffers) (p []byte, n int, err error) {
	p, n, err = c.raw.ReadLate(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.wrap("read", err)
	}
	return p, n, err
}

func (c *rawConn) WriteTwo(a, b []byte) (int, error) {
	n, err := c.raw.WriteTwo(a, b)
	if err != nil {
		err = c.wrap("write", err)
	}
	return n, err
}

// Sent is how many bytes the system has taken.
func (c *rawConn) Sent() uint64 { return c.raw.Sent() }

// sendFile sends what it can of a file without copying it. What is left, for want of a
// file or of a system that can, the caller copies.
func (c *rawConn) sendFile(src io.Reader) (int64, error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		return 0, nil
	}
	file, ok := limited.R.(*os.File)
	if !ok {
		return 0, nil
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, nil
	}
	var n int64
	var sendErr error
	if err := raw.Control(func(fd uintptr) { n, sendErr = c.raw.SendFile(fd, limited.N) }); err != nil {
		return 0, nil
	}
	limited.N -= n
	switch sendErr {
	case nil:
		return n, nil
	case syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP:
		if n == 0 {
			return 0, nil
		}
	}
	return n, c.wrap("sendfile", sendErr)
}

func (c *rawConn) wrap(op string, err error) error {
	var inner *net.OpError
	switch errno, ok := err.(syscall.Errno); {
	case ok:
		err = os.NewSyscallError(op, errno)
	case errors.As(err, &inner):
		err = inner.Err // op would be "raw-read"
	}
	local := c.conn.LocalAddr()
	return &net.OpError{Op: op, Net: local.Network(), Source: local, Addr: c.conn.RemoteAddr(), Err: err}
}
