//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"highball"
)

// touchLook is how often the files of --touch-reload are looked at. To ask costs
// microseconds, and works on file systems whose changes the kernel does not tell.
const touchLook = 500 * time.Millisecond

// touched knows the files of --touch-reload as they were last seen.
type touched struct{ files []touchFile }

type touchFile struct {
	path string
	seen os.FileInfo // nil: it did not exist
}

// watchTouched notes how the files are now.
func watchTouched(paths []string) (*touched, error) {
	t := &touched{}
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if dir := filepath.Dir(path); !isDirectory(dir) {
			return nil, fmt.Errorf("touch-reload: there is no directory %s: create it, or name another file", dir)
		}
		f := touchFile{path: path}
		f.seen, _ = os.Stat(path)
		t.files = append(t.files, f)
	}
	return t, nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// look returns a file that is not as it was, and notes how all are.
func (t *touched) look() (changed string) {
	for i := range t.files {
		f := &t.files[i]
		now, err := os.Stat(f.path)
		if err != nil {
			f.seen = nil
			continue
		}
		if f.seen == nil || !os.SameFile(now, f.seen) || !now.ModTime().Equal(f.seen.ModTime()) || now.Size() != f.seen.Size() {
			changed = f.path
		}
		f.seen = now
	}
	return changed
}

// reloadWhenTouched reloads until ctx ends. What is touched during a reload has
// another one follow.
func (c *commands) reloadWhenTouched(ctx context.Context, t *touched) {
	if len(t.files) == 0 {
		return
	}
	ticker := time.NewTicker(touchLook)
	defer ticker.Stop()
	for changed := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now := t.look(); now != "" {
			changed = now
			c.logger.Info("reload: a file was touched", "file", changed)
		}
		if changed != "" && !notYet(c.srv.Reload(ctx)) {
			changed = ""
		}
	}
}

// notYet says that a reload is to be tried again.
func notYet(err error) bool {
	return errors.Is(err, highball.ErrReloading) || errors.Is(err, highball.ErrNotStarted)
}
