package interp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const explicitSource = "--python"

// explicit finds what --python names. A word without a slash is a name on PATH
// first, as in a shell, and then a virtualenv in the current directory, so that
// "--python .venv" works.
func explicit(o Options) (Interpreter, error) {
	if !strings.ContainsRune(o.Python, filepath.Separator) {
		if path := lookPath(o.Environ, o.Python); path != "" {
			return Interpreter{path, explicitSource}, nil
		}
		if info, err := os.Stat(o.Python); err != nil || !info.IsDir() {
			return Interpreter{}, notOnPath(o.Python, err == nil)
		}
	}
	path, err := filepath.Abs(o.Python)
	if err != nil {
		return Interpreter{}, fmt.Errorf("--python %s: %w", o.Python, err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return inDirectory(path)
	}
	err = check(path)
	if errors.Is(err, fs.ErrNotExist) && !isDangling(err) {
		return Interpreter{}, fmt.Errorf("--python %s: no such file: say a Python executable, a name on PATH or the directory of a virtualenv", path)
	}
	if err != nil {
		return Interpreter{}, fmt.Errorf("--python: %w", err)
	}
	return Interpreter{path, explicitSource}, nil
}

func notOnPath(name string, isFile bool) error {
	hint := "install it, or say the path of a Python executable or a virtualenv"
	if isFile {
		hint = "did you mean ./" + name + "?"
	}
	return fmt.Errorf("--python %s: no such program on PATH and no virtualenv of that name in the current directory: %s", name, hint)
}

func inDirectory(dir string) (Interpreter, error) {
	path := filepath.Join(dir, "bin", "python")
	err := check(path)
	if errors.Is(err, fs.ErrNotExist) && !isDangling(err) {
		return Interpreter{}, fmt.Errorf("--python %s: the directory has no bin/python, so it is not a virtualenv: make one with python3 -m venv %s", dir, dir)
	}
	if err != nil {
		return Interpreter{}, fmt.Errorf("--python: %w", err)
	}
	return Interpreter{path, explicitSource}, nil
}
