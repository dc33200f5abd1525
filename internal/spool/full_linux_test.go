package spool

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What a full disk has taken counts, and nothing else.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		if errors.Is(err, os.ErrPermission) {
			t.Skip("only root can mount a small file system")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	s, err := New(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := create(t, s)
	n, err := f.Write(make([]byte, 200<<10))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room there") {
		t.Errorf("wrote %d: %v", n, err)
	}
	if n == 0 || f.Size() != int64(n) {
		t.Errorf("%d bytes were taken, the size is %d", n, f.Size())
	}
	wantStats(t, s, Stats{Files: 1, Open: 1, Held: int64(n), Written: int64(n), Refused: 1})
	_ = f.Close()
	write(t, create(t, s), make([]byte, 60<<10)) // its room is there again
}
