package spool

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// ErrQuota says that all files together hold as many bytes as they may.
var ErrQuota = errors.New("the spool's quota is used up: wait until what it holds has gone, or raise --spool-quota")

// Store makes files in one directory, and bounds the bytes in all of them.
type Store struct {
	dir   string
	quota int64 // 0: no limit

	files, open, held, written, refused atomic.Int64
}

// Stats is what a Store has done so far and holds now.
type Stats struct {
	Files   int64 // made so far
	Open    int64 // not closed yet
	Held    int64 // bytes in those
	Written int64 // bytes so far
	Refused int64 // writes and files that had no room: by the quota, or by the system
}

// New returns a Store of files in dir that hold at most quota bytes together; 0 is
// no limit. An empty dir is the first usable of $TMPDIR, if that is set, else
// /var/tmp, which is on a disk where /tmp is often memory, and /tmp. A directory in
// which no file can be made is an error, unless it is only full.
func New(dir string, quota int64) (*Store, error) {
	if quota < 0 {
		return nil, fmt.Errorf("a spool's quota of %d bytes: it cannot be negative", quota)
	}
	dirs := []string{dir}
	if dir == "" {
		dirs = defaultDirs(os.Getenv("TMPDIR"))
	}
	var err error
	for _, dir := range dirs {
		store := &Store{dir: dir, quota: quota}
		if err = store.try(); err == nil {
			return store, nil
		}
	}
	return nil, unusable(strings.Join(dirs, " or "), err)
}

// Check says whether files can be made still, after what the process may do has changed.
func (s *Store) Check() error {
	if err := s.try(); err != nil {
		return unusable(s.dir, err)
	}
	return nil
}

// try makes a file.
func (s *Store) try() error {
	f, err := unnamed(s.dir)
	if err == nil {
		_ = f.Close()
	}
	if passes(err) {
		return nil
	}
	return err
}

func unusable(dirs string, err error) error {
	return fmt.Errorf("no file can be made in the spool directory %s: %w: name one that can be written to by --spool-dir", dirs, err)
}

// passes says whether a directory in which no file can be made now may be well later.
func passes(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
}

func defaultDirs(tmpdir string) []string {
	if tmpdir != "" {
		return []string{tmpdir}
	}
	return []string{"/var/tmp", "/tmp"}
}

// Dir is the directory of the files.
func (s *Store) Dir() string { return s.dir }

// Stats returns the counters. They are read one after the other, not all at once.
func (s *Store) Stats() Stats {
	return Stats{
		Files: s.files.Load(), Open: s.open.Load(), Held: s.held.Load(),
		Written: s.written.Load(), Refused: s.refused.Load(),
	}
}

// Create makes an empty file.
func (s *Store) Create() (*File, error) {
	f, err := unnamed(s.dir)
	if err != nil {
		s.refused.Add(1)
		return nil, s.explain(err)
	}
	s.files.Add(1)
	s.open.Add(1)
	return &File{store: s, file: f}, nil
}

// reserve takes n bytes of the quota.
func (s *Store) reserve(n int64) error {
	if held := s.held.Add(n); s.quota > 0 && held > s.quota {
		s.held.Add(-n)
		s.refused.Add(1)
		return ErrQuota
	}
	return nil
}

// explain says of the system's error what can be done about it.
func (s *Store) explain(err error) error {
	return fmt.Errorf("cannot spool to a file in %s: %w: make room there, or name another directory by --spool-dir", s.dir, err)
}
