package interp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// danglingError is a link to an interpreter that is no longer there, as a
// virtualenv has after its Python was uninstalled or upgraded.
type danglingError struct {
	link, target string
	err          error
}

func (e *danglingError) Error() string {
	return fmt.Sprintf("%s is a link to %s, which does not exist: was that Python uninstalled? "+
		"make the virtualenv again, or choose another Python with --python", e.link, e.target)
}

func (e *danglingError) Unwrap() error { return e.err }

func isDangling(err error) bool {
	_, ok := errors.AsType[*danglingError](err)
	return ok
}

// check returns nil if path is an executable file. Its errors name the path.
func check(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if target, ok := deadEnd(path); ok {
			return &danglingError{path, target, err}
		}
		return err
	case err != nil:
		return fmt.Errorf("cannot use the interpreter %s: %w", path, errors.Unwrap(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file: choose another Python with --python", path)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s is not executable: make it so with chmod +x, or choose another Python with --python", path)
	}
	return nil
}

// deadEnd follows the links from path to the name that is missing; ok is false
// if path is not a link itself. It only tells the reader which Python is gone.
func deadEnd(path string) (target string, ok bool) {
	const maxLinks = 40 // as the kernel
	for range maxLinks {
		next, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path, ok = next, true
	}
	return path, ok
}

// lookPath finds a program on the PATH of environ; empty if there is none. As in
// os/exec, relative directories do not count: what they hold depends on where the
// server was started.
func lookPath(environ []string, name string) string {
	for _, dir := range filepath.SplitList(getenv(environ, "PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path := filepath.Join(dir, name); check(path) == nil {
			return path
		}
	}
	return ""
}
