package gateway

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"highball/internal/wire"
)

// fakeWorker is the worker's end of a fakeCall: what the Python side would do.
type fakeWorker struct {
	call    *fakeCall
	request []byte
	flags   wire.Flags    // of the request
	file    []byte        // what is in the file that came with it
	took    time.Duration // what the last frame of the response says, if not 0
}

// send hands a frame over; a worker that was killed sends nothing.
func (w *fakeWorker) send(kind wire.Type, flags wire.Flags, payload []byte) {
	h := wire.Header{Length: uint32(len(payload)), Type: kind, Flags: flags}
	if h.Has(wire.FlagEnd) {
		h.FDs = uint16(w.took / time.Microsecond)
	}
	w.sendFrame(fakeFrame{payload: payload, header: h})
}

func (w *fakeWorker) sendFrame(f fakeFrame) {
	select {
	case w.call.frames <- f:
	case <-w.call.kill:
	}
}

func headOf(b []byte, status string, fields ...Field) []byte {
	b = wire.AppendList(wire.AppendText(b, status), len(fields))
	for _, f := range fields {
		b = wire.AppendText(wire.AppendText(wire.AppendTuple(b, 2), f.Name), f.Value)
	}
	return b
}

func (w *fakeWorker) respond(flags wire.Flags, status, body string, fields ...Field) {
	w.call.begun.Store(true)
	b := headOf(wire.AppendTuple(nil, 3), status, fields...)
	w.send(wire.TypeResponse, flags, wire.AppendBytes(b, []byte(body)))
}

func (w *fakeWorker) block(flags wire.Flags, data string) {
	w.send(wire.TypeBlock, flags, []byte(data))
}

// tooLong announces a payload that nobody takes.
func (w *fakeWorker) tooLong() {
	w.sendFrame(fakeFrame{header: wire.Header{Type: wire.TypeRead, Length: wire.MaxMessage + 1}})
}

func (w *fakeWorker) sendFile(file *os.File, offset, count int64, status string, fields ...Field) {
	b := headOf(wire.AppendTuple(nil, 4), status, fields...)
	b = wire.AppendInt(wire.AppendInt(b, offset), count)
	w.sendFrame(fakeFrame{payload: b, file: file, header: wire.Header{
		Length: uint32(len(b)), Type: wire.TypeFile, Flags: wire.FlagEnd, FDs: 1,
	}})
}

func (w *fakeWorker) hints(fields ...Field) {
	b := wire.AppendList(nil, len(fields))
	for _, f := range fields {
		b = wire.AppendText(wire.AppendText(wire.AppendTuple(b, 2), f.Name), f.Value)
	}
	w.send(wire.TypeHints, 0, b)
}

func (w *fakeWorker) fail(kind, trace string) {
	w.call.begun.Store(true)
	b := wire.AppendText(wire.AppendText(wire.AppendTuple(nil, 2), kind), trace)
	w.send(wire.TypeError, wire.FlagEnd, b)
}

func (w *fakeWorker) done() { w.send(wire.TypeDone, wire.FlagFree, nil) }

// read asks for up to n bytes of the request's body.
func (w *fakeWorker) read(n uint32) fakeBody {
	w.call.begun.Store(true)
	w.send(wire.TypeRead, 0, binary.LittleEndian.AppendUint32(nil, n))
	select {
	case body := <-w.call.bodies:
		return body
	case <-w.call.kill:
		return fakeBody{flags: wire.FlagAbort}
	}
}

// readAll reads until the end, and returns how it ended.
func (w *fakeWorker) readAll(piece uint32) (data []byte, end wire.Flags) {
	for end == 0 {
		body := w.read(piece)
		data, end = append(data, body.data...), body.flags
	}
	return data, end
}

// environ decodes the request: latin-1 texts as the bytes that they stand for.
func (w *fakeWorker) environ() map[string]string {
	environ, _ := decodeRequest(w.request)
	return environ
}

// body is the request's body, in the frame or in its file; nil where it streams.
func (w *fakeWorker) body() []byte {
	_, body := decodeRequest(w.request)
	if size, isFile := body.(int64); isFile {
		if int64(len(w.file)) != size {
			panic("the request's file has not the size that the frame says")
		}
		return w.file
	}
	whole, _ := body.([]byte)
	return whole
}

func decodeRequest(frame []byte) (environ map[string]string, body any) {
	d := wire.NewDecoder(frame[wire.HeaderSize:])
	d.Tuple(2)
	items, _ := d.Any().(map[string]any)
	environ = make(map[string]string, len(items))
	for key, value := range items {
		environ[latin1(key)] = latin1(fmt.Sprint(value)) // one of them is a float
	}
	body = d.Any()
	if d.Err() != nil || len(d.Rest()) > 0 {
		panic("the request's frame is malformed")
	}
	return environ, body
}

func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
