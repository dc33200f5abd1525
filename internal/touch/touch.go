// Package touch notices that a file has been changed, replaced or touched, by looking: to
// ask costs microseconds, and works on file systems whose changes the kernel does not tell.
package touch

import "os"

// File is a file as it was last seen. It need not exist. It is used by one goroutine at a time.
type File struct {
	path string
	seen os.FileInfo // nil: it did not exist
}

// New notes how the file is now.
func New(path string) *File {
	f := &File{path: path}
	f.seen, _ = os.Stat(path)
	return f
}

// Path is the file's.
func (f *File) Path() string { return f.path }

// Changed says whether the file is another than it was, and notes how it is. That it
// disappears is no change, that it comes back is one.
func (f *File) Changed() bool {
	now, err := os.Stat(f.path)
	if err != nil {
		f.seen = nil
		return false
	}
	before := f.seen
	f.seen = now
	return before == nil || !os.SameFile(now, before) || !now.ModTime().Equal(before.ModTime()) || now.Size() != before.Size()
}
