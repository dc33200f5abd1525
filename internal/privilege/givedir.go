//go:build !windows

package privilege

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// GiveDir makes the directory, where it is missing, and gives it to a user: that one
// alone, none above it and nothing in it. One that is there is given only if it is root's
// and empty, since it may be anything that root's files are in.
func GiveDir(path string, uid, gid int) error {
	// The user has to come through those above, whatever umask its own files are to have.
	defer syscall.Umask(syscall.Umask(0o022))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	// What is looked at is what is given: whoever may write above it could put another there.
	dir, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer dir.Close()
	free, err := isFree(dir)
	if err != nil || !free {
		return err
	}
	return dir.Chown(uid, gid)
}

// isFree says whether the directory is this process's own and has nothing in it.
func isFree(dir *os.File) (bool, error) {
	info, err := dir.Stat()
	if err != nil {
		return false, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() {
		return false, nil
	}
	_, err = dir.ReadDir(1)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}
