package h1

import (
	"io"
	"net"
)

// outputBuffer is what a small response is gathered in, so that it leaves in one
// write, in bytes.
const outputBuffer = 8 << 10

// output gathers what is written. The first error sticks.
type output struct {
	dst io.Writer
	buf []byte
	err error
}

func (o *output) write(p []byte) {
	if len(o.buf)+len(p) <= outputBuffer {
		o.buf = append(o.buf, p...)
		return
	}
	if o.err != nil {
		return
	}
	both := net.Buffers{o.buf, p} // writev, where dst knows it
	_, o.err = both.WriteTo(o.dst)
	o.buf = o.buf[:0]
}

func (o *output) writeString(s string) {
	if len(o.buf)+len(s) <= outputBuffer {
		o.buf = append(o.buf, s...)
		return
	}
	o.write([]byte(s))
}

// flush sends what has been gathered.
func (o *output) flush() error {
	if len(o.buf) > 0 && o.err == nil {
		_, o.err = o.dst.Write(o.buf)
	}
	o.buf = o.buf[:0]
	return o.err
}
