package obs

import (
	"io"
	"sync"
)

// maxKept is the largest buffer kept for the next record, in bytes: one long
// traceback shall not hold memory forever.
const maxKept = 16 << 10

// output is the writer that a handler and those derived from it share.
type output struct {
	mu   sync.Mutex // held during a Write
	w    io.Writer
	bufs sync.Pool // of *[]byte
}

// buffer returns an empty buffer to format a record in; write takes it back.
func (o *output) buffer() *[]byte {
	if b, ok := o.bufs.Get().(*[]byte); ok {
		*b = (*b)[:0]
		return b
	}
	b := make([]byte, 0, 512)
	return &b
}

// write writes a whole record at once.
func (o *output) write(b *[]byte) error {
	o.mu.Lock()
	_, err := o.w.Write(*b)
	o.mu.Unlock()
	if cap(*b) <= maxKept {
		o.bufs.Put(b)
	}
	return err
}
