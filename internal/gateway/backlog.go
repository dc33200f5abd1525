package gateway

import (
	"io"
	"sync/atomic"
)

// segment is a piece of a body, in a buffer of its own from the gateway's pool.
type segment struct {
	buf  *[]byte
	data []byte // within buf
	last bool   // with it a block of the application's ends
	owed bool   // the budget has no place for it
}

// budget bounds the memory of all responses that wait for their clients, in bytes.
type budget struct {
	limit int64
	used  atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.limit {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// spoolFile is the part of *spool.File that a backlog needs.
type spoolFile interface {
	io.Writer
	io.ReaderAt
	Reset() error
	Close() error
}

// backlog holds what the application has produced and the client has not taken, in
// order: in memory, then in a file. Once something is in the file, what follows goes
// there too, until the client has taken all of it. The outlet's lock guards it.
type backlog struct {
	g     *Gateway
	mem   []segment
	held  int64 // capacity of the buffers in mem, and of the one that is being sent
	owed  bool  // one of them is not in the budget
	file  spoolFile
	head  int64 // of what the file holds
	tail  int64
	grows bool // the file is being written to
}

func (b *backlog) empty() bool { return len(b.mem) == 0 && !b.filed() }

func (b *backlog) filed() bool { return b.head < b.tail }

// keep takes s into memory, if it may. One segment may always be there, however small
// --response-memory is.
func (b *backlog) keep(s segment) bool {
	if b.filed() {
		return false
	}
	if b.join(s) {
		return true
	}
	size := int64(cap(*s.buf))
	if b.held > 0 && b.held+size > b.g.opts.ResponseMemory || !b.g.responses.memory.take(size) {
		return false
	}
	b.held += size
	b.mem = append(b.mem, s)
	return true
}

// join puts a small segment into the buffer of the one before it: a buffer for each
// would fill the memory with little.
func (b *backlog) join(s segment) bool {
	if len(b.mem) == 0 {
		return false
	}
	before := &b.mem[len(b.mem)-1]
	if len(s.data) > cap(before.data)-len(before.data) {
		return false
	}
	before.data = append(before.data, s.data...)
	before.last = s.last
	b.g.recycle(s.buf)
	return true
}

// force takes s though nothing has room for it.
func (b *backlog) force(s segment) {
	s.owed, b.owed = true, true
	b.held += int64(cap(*s.buf))
	b.mem = append(b.mem, s)
}

// next takes the first segment in memory out.
func (b *backlog) next() (segment, bool) {
	if len(b.mem) == 0 {
		return segment{}, false
	}
	s := b.mem[0]
	b.mem[0] = segment{}
	if b.mem = b.mem[1:]; len(b.mem) == 0 {
		b.mem = b.mem[:0:cap(b.mem)]
	}
	return s, true
}

// free gives the memory of a segment back that next has returned.
func (b *backlog) free(s segment) {
	if s.buf == nil { // it came from the file
		return
	}
	size := int64(cap(*s.buf))
	b.held -= size
	if s.owed {
		b.owed = false
	} else {
		b.g.responses.memory.give(size)
	}
	b.g.recycle(s.buf)
}

// took notes that n bytes of the file have been read.
func (b *backlog) took(n int) {
	b.head += int64(n)
	b.rewind()
}

// rewind has a file that was read to its end give its room back.
func (b *backlog) rewind() {
	if b.tail > 0 && !b.filed() && !b.grows && b.file.Reset() == nil {
		b.head, b.tail = 0, 0
	}
}

// discard gives back everything that is still there.
func (b *backlog) discard() {
	for s, ok := b.next(); ok; s, ok = b.next() {
		b.free(s)
	}
	if b.file != nil {
		_ = b.file.Close()
		b.file = nil
	}
}
