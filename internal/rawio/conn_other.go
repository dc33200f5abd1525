//go:build !linux

package rawio

import (
	"io"
	"syscall"
)

// Conn is what it was made of: elsewhere the scheduler is told.
type Conn struct{ io.ReadWriter }

// New returns a Conn of what c is.
func New(c syscall.Conn) (*Conn, error) { return &Conn{c.(io.ReadWriter)}, nil }
