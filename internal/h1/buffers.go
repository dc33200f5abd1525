package h1

import "sync"

// firstBuffer is what most heads fit in, in bytes; inputs are lent in this size.
const firstBuffer = 4 << 10

// Buffers lends what is read into. It is the type of package rawio, whose connections
// borrow only when there is something to read.
type Buffers = interface {
	Get() []byte
	Put(p []byte)
}

// inputs are the buffers of connections on which something is asked: one that is idle
// has none.
type inputs struct{ pool sync.Pool }

func (b *inputs) Get() []byte {
	if p, ok := b.pool.Get().(*[firstBuffer]byte); ok {
		return p[:]
	}
	return make([]byte, firstBuffer)
}

// Put takes back what Get gave; what has grown is left to the collector.
func (b *inputs) Put(p []byte) {
	if cap(p) == firstBuffer {
		b.pool.Put((*[firstBuffer]byte)(p[:firstBuffer]))
	}
}
