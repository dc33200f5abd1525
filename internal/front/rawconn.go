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
// give: net/http looks at them.
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
