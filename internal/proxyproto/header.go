// Package proxyproto reads the header of the PROXY protocol, version 1 and 2, with
// which a proxy begins a connection to say whose it is. The sections that are named
// are those of HAProxy's doc/proxy-protocol.txt.
package proxyproto

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// Header is what a header says.
type Header struct {
	Version int

	// Local says that the connection is the proxy's own, to see whether the server is
	// well, or that it does not tell whose it is: the addresses are the connection's.
	Local bool

	// Source is the client and Destination what it has connected to. They are not valid
	// where Local is set, and where the client came by a Unix socket.
	Source, Destination netip.AddrPort

	// TLVs are the additions of version 2, in their order, without padding and checksum.
	TLVs []TLV
}

// TLV is an addition: a type of section 2.2 and its value.
type TLV struct {
	Type  byte
	Value []byte
}

// Error is what is wrong with a header.
type Error struct{ Clause, Reason string }

func (e *Error) Error() string { return e.Reason + " (" + e.Clause + ")" }

func wrong(clause, format string, args ...any) error {
	return &Error{"PROXY protocol " + clause, fmt.Sprintf(format, args...)}
}

// ErrNothing says that the connection has ended before its first byte: somebody has
// looked whether the port is open.
var ErrNothing = errors.New("the connection has ended before it began")

// errMore says that the header goes on.
var errMore = errors.New("the header is not whole")

// firstRead is for the header and what comes with it, in bytes: all of version 1, and
// what usual headers of version 2 have.
const firstRead = 512

// Read reads a header, and returns what came behind it as well. A header that comes in
// pieces is as good as one that comes at once.
func Read(r io.Reader) (*Header, []byte, error) {
	buf, n := make([]byte, firstRead), 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		h, size, parseErr := parse(buf[:n])
		switch {
		case parseErr == nil:
			return h, buf[size:n], nil
		case parseErr != errMore:
			return nil, nil, parseErr
		case err == io.EOF && n == 0:
			return nil, nil, ErrNothing
		case err == io.EOF:
			return nil, nil, wrong("2", "the connection has ended within the header")
		case err != nil:
			return nil, nil, err
		}
		if n == len(buf) || size > len(buf) {
			buf = append(buf, make([]byte, max(size, n+1)-len(buf))...)
		}
	}
}

// parse reads a header from the first bytes of a connection, and says how long it is,
// as far as that is known: errMore if there is more to come.
func parse(b []byte) (h *Header, size int, err error) {
	switch {
	case begins(b, prefix1):
		return parseLine(b)
	case begins(b, signature2):
		return parseBinary(b)
	}
	return nil, 0, wrong("2", "the connection does not begin with a header of the PROXY protocol")
}

// begins says whether b is the beginning of something that begins with this.
func begins(b []byte, with string) bool {
	n := min(len(b), len(with))
	return bytes.Equal(b[:n], []byte(with[:n]))
}
