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
	"highball/internal/touch"
)

// touchLook is how often the files of --touch-reload are looked at.
const touchLook = 500 * time.Millisecond

// touched knows the files of --touch-reload as they were last seen.
type touched struct {
	app   string // which of several applications is reloaded; empty: all
	files []*touch.File
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
		t.files = append(t.files, touch.New(path))
	}
	return t, nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// look returns a file that is not as it was, and notes how all are.
func (t *touched) look() (changed string) {
	for _, f := range t.files {
		if f.Changed() {
			changed = f.Path()
		}
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
		if changed != "" && !notYet(c.srv.ReloadApp(ctx, t.app)) {
			changed = ""
		}
	}
}

// notYet says that a reload is to be tried again.
func notYet(err error) bool {
	return errors.Is(err, highball.ErrReloading) || errors.Is(err, highball.ErrNotStarted)
}
