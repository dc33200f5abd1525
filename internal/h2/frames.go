package h2

import (
	"encoding/binary"
	"fmt"
)

// The frames (RFC 9113 6) are few and plain: what is read of them stays where it was
// read, what is written is appended to what waits to be.

// kind is the type of a frame.
type kind uint8

const (
	data kind = iota
	headers
	priority
	rstStream
	settings
	pushPromise
	ping
	goAway
	windowUpdate
	continuation
)

const (
	flagAck        = 0x1 // SETTINGS, PING
	flagEndStream  = 0x1 // DATA, HEADERS
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const (
	frameHead = 9     // bytes
	maxFrame  = 16384 // of a payload, both ways: RFC 9113 6.5.2 lets nobody ask for less
	maxWindow = 1<<31 - 1
	maxID     = 1<<31 - 1
	preface   = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" // RFC 9113 3.4
)

// head is the beginning of a frame (RFC 9113 4.1).
type head struct {
	length int
	kind   kind
	flags  uint8
	stream uint32
}

func (h head) has(flag uint8) bool { return h.flags&flag != 0 }

func parseHead(p []byte) head {
	_ = p[frameHead-1]
	return head{
		length: int(p[0])<<16 | int(p[1])<<8 | int(p[2]),
		kind:   kind(p[3]), flags: p[4], stream: binary.BigEndian.Uint32(p[5:]) & maxID,
	}
}

func appendHead(b []byte, length int, kind kind, flags uint8, stream uint32) []byte {
	b = append(b, byte(length>>16), byte(length>>8), byte(length), byte(kind), flags)
	return binary.BigEndian.AppendUint32(b, stream)
}

func appendReset(b []byte, stream uint32, code code) []byte {
	return binary.BigEndian.AppendUint32(appendHead(b, 4, rstStream, 0, stream), uint32(code))
}

func appendWindowUpdate(b []byte, stream uint32, n int) []byte {
	return binary.BigEndian.AppendUint32(appendHead(b, 4, windowUpdate, 0, stream), uint32(n))
}

func appendGoAway(b []byte, last uint32, code code, why string) []byte {
	b = appendHead(b, 8+len(why), goAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	return append(binary.BigEndian.AppendUint32(b, uint32(code)), why...)
}

// code says why a stream or a connection ends (RFC 9113 7).
type code uint32

const (
	noError code = iota
	protocolError
	internalError
	flowControlError
	settingsTimeout
	streamClosed
	frameSizeError
	refusedStream
	cancel
	compressionError
	connectError
	enhanceYourCalm
)

// fault is what a client has done wrong. It ends a stream, or, of stream 0, the
// connection.
type fault struct {
	stream uint32
	code   code
	clause string // what forbids it: "RFC 9113 6.1"
	reason string
}

func (f *fault) Error() string { return f.reason + " (" + f.clause + ")" }

func connFault(code code, clause, format string, args ...any) *fault {
	return &fault{0, code, clause, fmt.Sprintf(format, args...)}
}

func streamFault(stream uint32, code code, clause, format string, args ...any) *fault {
	return &fault{stream, code, clause, fmt.Sprintf(format, args...)}
}
