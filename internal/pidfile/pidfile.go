//go:build !windows

// Package pidfile keeps the file that says which process serves.
//
// The file is whole at each moment: it is renamed into its place, or, where the
// directory is closed to the user that the server has become, written at once.
package pidfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// File is a pid file of this process.
type File struct {
	path     string
	prepared string // the file that is to be renamed; "": the one at path is written
}

// New returns the file at path, for which nothing has been done yet.
func New(path string) (*File, error) {
	path, err := filepath.Abs(path)
	return &File{path: path}, err
}

// Running returns an error if the file is of a process that runs.
func (f *File) Running() error {
	pid, err := f.read()
	if err != nil || pid == 0 || pid == os.Getpid() || !runs(pid) || f.olderThan(pid) {
		return err
	}
	return fmt.Errorf("pid-file %s: already running on PID %d: stop that first, or remove the file if that process is another program's", f.path, pid)
}

// read returns 0 for a file that is not there, or says nothing.
func (f *File) read() (pid int, err error) {
	text, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("pid-file: %w", err)
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 1 {
		return 0, nil // of nobody: a server that was cut while it wrote
	}
	return pid, nil
}

// runs says whether there is such a process, whoever's it is.
func runs(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// doubt is by how much a process has to be younger than the file to be another one:
// clocks are set.
const doubt = time.Minute

// olderThan says that the process began after the file was written: its number was
// another's, before the machine was started again perhaps.
func (f *File) olderThan(pid int) bool {
	info, err := os.Stat(f.path)
	if err != nil {
		return false
	}
	began, ok := beginning(pid)
	return ok && began.Sub(info.ModTime()) > doubt
}

// GiveTo is for a process that is root and will be another user: where only root may
// make the file, it is made, for that user to write.
func (f *File) GiveTo(uid, gid int) error {
	info, err := os.Stat(filepath.Dir(f.path))
	if err != nil {
		return f.noDirectory(err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid != 0 || info.Mode().Perm()&0o022 != 0 {
		return nil // others may write there, and so may he perhaps; root keeps away from links of theirs
	}
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pid-file: %w", err)
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("pid-file: %w", err)
	}
	return errors.Join(file.Chmod(0o644), file.Chown(uid, gid), file.Close())
}

// Prepare does all that may fail: what is left for Publish is to rename.
func (f *File) Prepare() error {
	file, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.noDirectory(err)
	case err != nil:
		return f.tryInPlace(err)
	}
	_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("pid-file: %w", err)
	}
	f.prepared = file.Name()
	return nil
}

func (f *File) noDirectory(err error) error {
	return fmt.Errorf("pid-file %s: the directory does not exist: create it first: %w", f.path, errors.Unwrap(err))
}

// tryInPlace looks whether the file that is there can be written.
func (f *File) tryInPlace(why error) error {
	file, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("pid-file %s: %w: choose a directory that this user may write", f.path, errors.Unwrap(why))
	}
	return file.Close()
}

// Publish has the file name this process.
func (f *File) Publish() error {
	if f.prepared == "" {
		return f.rewrite(fmt.Sprintf("%d\n", os.Getpid()))
	}
	// What waited may be old by now, and whether a process has written the file is told
	// by its age.
	now := time.Now()
	_ = os.Chtimes(f.prepared, now, now)
	err := os.Rename(f.prepared, f.path)
	if err == nil {
		f.prepared = ""
	}
	return err
}

// rewrite writes by one call, and cuts off only then what is behind.
func (f *File) rewrite(text string) error {
	file, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("pid-file: %w", err)
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Truncate(int64(len(text))), file.Close())
}

// Remove takes the file away if it is still this process's.
func (f *File) Remove() error {
	if f.prepared != "" {
		_ = os.Remove(f.prepared)
		f.prepared = ""
	}
	if pid, err := f.read(); err != nil || pid != os.Getpid() {
		return err
	}
	err := os.Remove(f.path)
	if errors.Is(err, fs.ErrPermission) { // the directory is root's
		err = f.rewrite("")
	}
	return err
}
