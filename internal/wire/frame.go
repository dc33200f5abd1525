package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// HeaderSize is the size of a frame's header in bytes.
const HeaderSize = 12

// MaxMessage is the largest structured (marshal) payload, in bytes. Raw
// payloads (Body, Block) are streamed and have no limit but their 32-bit length.
const MaxMessage = 8 << 20

// MaxFDs is the most descriptors that one frame declares.
const MaxFDs = 64

// Type says what a frame is.
type Type uint8

// Frames on a slot's two pipes. See PROTOCOL.md.
const (
	TypeRequest  Type = 1  // front: a request begins
	TypeBody     Type = 2  // front: a piece of the request's body, the answer to Read
	TypeResponse Type = 16 // worker: status, headers and the first block
	TypeBlock    Type = 17 // worker: another block of the body
	TypeFile     Type = 18 // worker: a file to send, its descriptor is on the slot's lane
	TypeError    Type = 19 // worker: the application failed
	TypeRead     Type = 20 // worker: the application wants more of the request's body
	TypeHints    Type = 21 // worker: 103 Early Hints
	TypeDone     Type = 22 // worker: the slot is free again
)

// Frames on the sockets to the zygote and to a worker's control thread.
const (
	TypeLoad    Type = 32 // front -> zygote: what to serve
	TypeLoaded  Type = 33 // zygote: ready to fork
	TypeFailed  Type = 34 // zygote, worker: could not start
	TypeFork    Type = 35 // front -> zygote: make a worker; carries its descriptors
	TypeForked  Type = 36 // zygote: made; carries a pidfd where the system has them
	TypeExited  Type = 37 // zygote: a worker ended
	TypeSetup   Type = 38 // front -> worker: its slots, and the shared words
	TypeSlot    Type = 39 // front -> worker: the pipes and the lane of one slot
	TypeReady   Type = 40 // worker: the application is loaded
	TypeLog     Type = 41 // worker: a line for the log
	TypeTrace   Type = 42 // worker: an event of a traced request
	TypeStacks  Type = 43 // front -> worker: where are the threads, or that of one slot
	TypeStacked Type = 44 // worker: the stacks

	TypeInterrupt   Type = 45 // front -> worker: raise RequestTimeout in a request's thread
	TypeInterrupted Type = 46 // worker: whether it will be
	TypeGiveUp      Type = 47 // front -> worker: its process is given up, call worker_abort
	TypeGivenUp     Type = 48 // worker: the hook has returned
	TypeHook        Type = 49 // front -> zygote, worker: call a hook
	TypeHooked      Type = 50 // zygote, worker: it has returned, or failed

	TypeFiles Type = 60 // worker: files that its application is made of
)

var typeNames = map[Type]string{
	TypeRequest: "request", TypeBody: "body", TypeResponse: "response", TypeBlock: "block",
	TypeFile: "file", TypeError: "error", TypeRead: "read", TypeHints: "hints", TypeDone: "done",
	TypeLoad: "load", TypeLoaded: "loaded", TypeFailed: "failed", TypeFork: "fork",
	TypeForked: "forked", TypeExited: "exited", TypeSetup: "setup", TypeSlot: "slot",
	TypeReady: "ready", TypeLog: "log", TypeTrace: "trace", TypeStacks: "stacks", TypeStacked: "stacked",
	TypeInterrupt: "interrupt", TypeInterrupted: "interrupted", TypeGiveUp: "give up", TypeGivenUp: "given up",
	TypeHook: "hook", TypeHooked: "hooked",
	TypeFiles: "files",
}

func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Flags qualify a frame.
type Flags uint8

// The flags. See PROTOCOL.md.
const (
	FlagEnd   Flags = 1 // the body (of the request, of the response) ends here
	FlagFree  Flags = 2 // the slot is free: nothing of this request follows
	FlagAbort Flags = 4 // Body: the client left or its body is malformed
	FlagCut   Flags = 8 // Block: the response is incomplete, cut the connection

	FlagMeasure Flags = 16 // Request: say how long the application takes
	FlagDoubt   Flags = 32 // Response, Block: how long it took may say little
)

// Header is what each frame begins with: four little-endian fields.
type Header struct {
	Length uint32 // of the payload, in bytes
	Number uint32 // of the request; 0 on control sockets
	Type   Type
	Flags  Flags
	FDs    uint16 // descriptors that travel with the frame; or what Took says
}

// Has says whether the frame carries the flag f.
func (h Header) Has(f Flags) bool { return h.Flags&f != 0 }

// Took is how long the application took for a request that was to be measured, on
// the last frame of its response: at most 65 ms, which stands for longer as well.
// Not known: 0.
func (h Header) Took() time.Duration {
	if !h.Has(FlagEnd) || h.Type != TypeResponse && h.Type != TypeBlock {
		return 0
	}
	return time.Duration(h.FDs) * time.Microsecond
}

// Append appends the header's 12 bytes to b.
func (h Header) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, h.Length)
	b = binary.LittleEndian.AppendUint32(b, h.Number)
	b = append(b, byte(h.Type), byte(h.Flags))
	return binary.LittleEndian.AppendUint16(b, h.FDs)
}

// Put writes the header over the first 12 bytes of b.
func (h Header) Put(b []byte) {
	_ = h.Append(b[:0:HeaderSize])
}

// ParseHeader reads a header from the first 12 bytes of b.
func ParseHeader(b []byte) Header {
	return Header{
		Length: binary.LittleEndian.Uint32(b[0:4]),
		Number: binary.LittleEndian.Uint32(b[4:8]),
		Type:   Type(b[8]),
		Flags:  Flags(b[9]),
		FDs:    binary.LittleEndian.Uint16(b[10:12]),
	}
}

// ErrTooLong reports a structured payload above MaxMessage.
var ErrTooLong = errors.New("wire: message too long")

// ReadHeader reads one frame's header. An end of file before the first byte is
// io.EOF, within the header io.ErrUnexpectedEOF.
func ReadHeader(r io.Reader, scratch []byte) (Header, error) {
	if _, err := io.ReadFull(r, scratch[:HeaderSize]); err != nil {
		return Header{}, err
	}
	return ParseHeader(scratch), nil
}

// ReadPayload reads the structured payload that h announces into buf, which it
// grows where needed. The length is checked before anything is allocated.
func ReadPayload(r io.Reader, h Header, buf []byte) ([]byte, error) {
	if h.Length > MaxMessage {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", ErrTooLong, h.Type, h.Length, MaxMessage)
	}
	n := int(h.Length)
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buf, nil
}
