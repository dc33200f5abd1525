package h3

import "fmt"

// code is an error code of RFC 9114 8.1 or RFC 9204 6.
type code uint64

const (
	noError              code = 0x100
	generalProtocolError code = 0x101
	internalError        code = 0x102
	streamCreationError  code = 0x103
	closedCriticalStream code = 0x104
	frameUnexpected      code = 0x105
	frameError           code = 0x106
	excessiveLoad        code = 0x107
	idError              code = 0x108
	settingsError        code = 0x109
	missingSettings      code = 0x10a
	requestRejected      code = 0x10b
	requestCancelled     code = 0x10c
	requestIncomplete    code = 0x10d
	messageError         code = 0x10e

	decompressionFailed code = 0x200
	encoderStreamError  code = 0x201
	decoderStreamError  code = 0x202
)

// fault is what a client did wrong. It ends the connection, or, if it is of a stream
// alone, the request.
type fault struct {
	code     code
	ofStream bool
	clause   string // "RFC 9114 7.2.4"
	reason   string
}

func (f *fault) Error() string { return f.reason + " (" + f.clause + ")" }

func connectionFault(c code, clause, format string, args ...any) *fault {
	return &fault{code: c, clause: clause, reason: fmt.Sprintf(format, args...)}
}

// malformed is of a request that is none (RFC 9114 4.1.2).
func malformed(clause, format string, args ...any) *fault {
	return &fault{code: messageError, ofStream: true, clause: clause, reason: fmt.Sprintf(format, args...)}
}
