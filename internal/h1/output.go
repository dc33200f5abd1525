package h1

import "strconv"

// outputBuffer is what a small response is gathered in, so that it leaves in one
// write, in bytes.
const outputBuffer = 8 << 10

// output gathers what is written. The first error sticks.
type output struct {
	conn *conn
	buf  []byte // borrowed from the server from the first byte of a response on
	err  error
}

// room returns the buffer for appending a head.
func (o *output) room() []byte {
	if o.buf == nil {
		o.buf = o.conn.server.borrowOutput()
	}
	return o.buf
}

func (o *output) write(p []byte) {
	if len(o.buf)+len(p) <= outputBuffer {
		o.buf = append(o.room(), p...)
		return
	}
	if o.err != nil {
		return
	}
	if len(o.buf) == 0 {
		_, o.err = o.conn.Write(p)
	} else {
		_, o.err = o.conn.WriteTwo(o.buf, p)
	}
	o.buf = o.buf[:0]
}

func (o *output) writeString(s string) {
	if len(o.buf)+len(s) <= outputBuffer {
		o.buf = append(o.room(), s...)
		return
	}
	o.write([]byte(s))
}

// chunkSize begins a chunk (RFC 9112 7.1).
func (o *output) chunkSize(n int) {
	o.buf = append(strconv.AppendInt(o.room(), int64(n), 16), "\r\n"...)
}

// flush sends what has been gathered.
func (o *output) flush() error {
	if len(o.buf) > 0 && o.err == nil {
		_, o.err = o.conn.Write(o.buf)
	}
	o.buf = o.buf[:0]
	return o.err
}

// giveBack returns the buffer.
func (o *output) giveBack() {
	if o.buf != nil {
		o.conn.server.returnOutput(o.buf)
		o.buf = nil
	}
}
