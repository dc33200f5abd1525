//go:build !linux

package worker

import "os"

// memoryFile makes an unlinked file of size bytes to share with a worker.
func memoryFile(size int) (*os.File, error) {
	f, err := os.CreateTemp("", "highball-words-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name())
	if err := f.Truncate(int64(size)); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
