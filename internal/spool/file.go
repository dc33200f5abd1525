package spool

import (
	"os"
	"sync"
	"sync/atomic"
)

// File is an unnamed file that grows at its end. Write and Reset have one caller at a
// time; the other methods may be called meanwhile.
type File struct {
	store *Store
	file  *os.File
	size  atomic.Int64

	mu     sync.Mutex // held for what changes the quota
	closed bool
}

// Write adds p at the end. Where the store's quota has no room for all of p nothing is
// written, and the error is ErrQuota; where the system refuses, what it has taken
// counts, and the error wraps its own and says what to do.
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, os.ErrClosed
	}
	if err := f.store.reserve(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := f.file.WriteAt(p, f.size.Load())
	if err != nil {
		n = f.taken(len(p))
	}
	f.store.held.Add(int64(n - len(p)))
	f.store.written.Add(int64(n))
	f.size.Add(int64(n))
	if err != nil {
		f.store.refused.Add(1)
		return n, f.store.explain(err)
	}
	return n, nil
}

// taken is how much of a write of n bytes the system has taken before it failed, which
// (*os.File).WriteAt does not say.
func (f *File) taken(n int) int {
	info, err := f.file.Stat()
	if err != nil {
		return 0
	}
	return int(max(0, min(int64(n), info.Size()-f.size.Load())))
}

// ReadAt is io.ReaderAt's.
func (f *File) ReadAt(p []byte, offset int64) (int, error) { return f.file.ReadAt(p, offset) }

// Size is how many bytes were written.
func (f *File) Size() int64 { return f.size.Load() }

// Reset empties the file, and gives its room back.
func (f *File) Reset() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return os.ErrClosed
	}
	if err := f.file.Truncate(0); err != nil {
		return f.store.explain(err)
	}
	f.store.held.Add(-f.size.Swap(0))
	return nil
}

// Reopen returns a descriptor of the same bytes, to be read only and from the
// beginning, with an offset of its own. It may outlive the File. Where the system
// has no way to open a file that has no name, it is a duplicate: its offset is shared
// with other duplicates, though not with this File.
func (f *File) Reopen() (*os.File, error) {
	again, err := reopen(f.file)
	if err != nil {
		return nil, f.store.explain(err)
	}
	return again, nil
}

// Close gives the file's room back. Further calls do nothing.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	f.store.held.Add(-f.size.Load())
	f.store.open.Add(-1)
	return f.file.Close()
}
