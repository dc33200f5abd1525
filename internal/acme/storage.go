package acme

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/caddyserver/certmagic"
)

// storage is certmagic's directory with locks of the system (flock), which end with
// their holder. certmagic's own are files with a time in them: what a killed process
// held is waited for until that is 10 s old, and two that wait may then both have it.
type storage struct {
	*certmagic.FileStorage

	mu   sync.Mutex
	held map[string]*os.File
}

// lockPoll is how often a lock that another has is tried again.
const lockPoll = 100 * time.Millisecond

// openStorage makes the directory, for this user alone, and tries to write there.
func openStorage(dir string) (*storage, error) {
	if err := os.MkdirAll(filepath.Join(dir, "locks"), 0o700); err != nil {
		return nil, explainDir(dir, err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return nil, explainDir(dir, err)
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return nil, explainDir(dir, err)
	}
	return &storage{FileStorage: &certmagic.FileStorage{Path: dir}, held: map[string]*os.File{}}, nil
}

func explainDir(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("certificates cannot be kept in %s by the user with the id %d: make it his, or choose another with --acme-dir: %w",
			dir, os.Geteuid(), err)
	}
	return fmt.Errorf("certificates cannot be kept in %s: choose another directory with --acme-dir: %w", dir, err)
}

// Lock waits until name is locked for the caller.
func (s *storage) Lock(ctx context.Context, name string) error {
	for {
		ok, err := s.TryLock(ctx, name)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// TryLock locks name, unless another has it.
func (s *storage) TryLock(_ context.Context, name string) (bool, error) {
	file, err := os.OpenFile(s.lockFile(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return false, nil
		}
		return false, fmt.Errorf("locking %s: %w", file.Name(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[name] = file
	return true, nil
}

// Unlock gives back what Lock or TryLock has got. The file stays: who removed it might
// remove it from under one that has just opened it.
func (s *storage) Unlock(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.held[name]
	if file == nil {
		return fmt.Errorf("%s is not locked", name)
	}
	delete(s.held, name)
	return file.Close()
}

func (s *storage) lockFile(name string) string {
	return filepath.Join(s.Path, "locks", certmagic.StorageKeys.Safe(name)+".flock")
}
