package gateway

import (
	"errors"
	"io"

	"highball/internal/spool"
)

// spillBuffer is a queue of bytes: in memory, and in a file what was allowed to go
// beyond, or was in one before.
type spillBuffer struct {
	store *spool.Store
	mem   []byte
	file  *spool.File
	head  int64 // what of the file is taken
	most  int64 // that the file may hold
}

// waits is how many bytes are in the file.
func (b *spillBuffer) waits() int64 {
	if b.file == nil {
		return 0
	}
	return b.file.Size() - b.head
}

func (b *spillBuffer) length() int64 { return int64(len(b.mem)) + b.waits() }

func (b *spillBuffer) put(p []byte, spill bool) error {
	if b.waits() == 0 && (!spill || len(b.mem)+len(p) <= window) {
		b.mem = append(b.mem, p...)
		return nil
	}
	if b.file == nil {
		if b.store == nil {
			return keepError{errNoStore}
		}
		f, err := b.store.Create()
		if err != nil {
			return keepError{err}
		}
		b.file = f
	}
	if b.waits() > b.most {
		return errSpillFull
	}
	if _, err := b.file.Write(p); err != nil {
		return keepError{err}
	}
	return nil
}

var errNoStore = errors.New("there is no directory for files: name one by --spool-dir")

func (b *spillBuffer) take(p []byte) (int, error) {
	if len(b.mem) > 0 {
		n := copy(p, b.mem)
		b.mem = append(b.mem[:0], b.mem[n:]...)
		return n, nil
	}
	n, err := b.file.ReadAt(p[:min(int64(len(p)), b.waits())], b.head)
	b.head += int64(n)
	if b.waits() == 0 {
		b.head = 0
		_ = b.file.Reset()
	}
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}

func (b *spillBuffer) close() {
	if b.file != nil {
		_ = b.file.Close()
		b.file = nil
	}
	b.mem, b.head = nil, 0
}
