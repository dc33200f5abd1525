// Package interp finds the Python interpreter that runs the application.
//
// It never resolves the symbolic link that an interpreter of a virtualenv is:
// Python finds the virtualenv by the name it was started with.
package interp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	minMajor = 3
	minMinor = 9
)

// PackageVariable is the variable in which the Python package, whose scripts execute this program, says
// which interpreter it is installed in.
const PackageVariable = "_HIGHBALL_PYTHON"

// Options say where to look.
type Options struct {
	Python  string   // what --python says: a path, a name on PATH or the directory of a virtualenv; empty to search
	AppDir  string   // the application's directory; default: the current one
	Environ []string // "NAME=value", of which VIRTUAL_ENV and PATH are read

	// Package is the interpreter that the Python package is installed in, whose script
	// started this program; empty if none did.
	Package string
}

// Interpreter is a Python executable.
type Interpreter struct {
	Path   string // absolute
	Source string // why this one: "--python", "$VIRTUAL_ENV", ".venv beside the application", "python3 on PATH"
}

// CheckVersion returns an error if the version, which the started interpreter
// reports, is older than 3.9.
func (i Interpreter) CheckVersion(major, minor int) error {
	if major > minMajor || major == minMajor && minor >= minMinor {
		return nil
	}
	return fmt.Errorf("python %d.%d at %s is too old: Highball needs %d.%d or newer; choose another with --python",
		major, minor, i.Path, minMajor, minMinor)
}

// Find looks for an interpreter in this order, and takes the first that is there:
//
//  1. o.Python, and then nothing else;
//  2. o.Package;
//  3. bin/python in the virtualenv $VIRTUAL_ENV;
//  4. bin/python in the virtualenv .venv or venv in o.AppDir;
//  5. python3, then python, on PATH.
//
// A virtualenv that is meant but broken is an error rather than a reason to look
// further: another Python would not have the application's packages.
func Find(o Options) (Interpreter, error) {
	if o.Python != "" {
		return explicit(o)
	}
	if o.Package != "" && check(o.Package) == nil {
		return Interpreter{o.Package, "where highball is installed"}, nil
	}
	if dir := getenv(o.Environ, "VIRTUAL_ENV"); dir != "" {
		return active(dir)
	}
	appDir, err := filepath.Abs(o.AppDir)
	if err != nil {
		return Interpreter{}, fmt.Errorf("cannot find Python: %w", err)
	}
	for _, name := range []string{".venv", "venv"} {
		found, err := beside(filepath.Join(appDir, name), name)
		if err != nil || found.Path != "" {
			return found, err
		}
	}
	return onPath(o.Environ, appDir)
}

// active takes the virtualenv that the shell has activated.
func active(dir string) (Interpreter, error) {
	if !filepath.IsAbs(dir) {
		return Interpreter{}, fmt.Errorf("$VIRTUAL_ENV is %q, which is not an absolute path: activate the virtualenv again, or choose another Python with --python", dir)
	}
	path := filepath.Join(dir, "bin", "python")
	err := check(path)
	if errors.Is(err, fs.ErrNotExist) && !isDangling(err) {
		return Interpreter{}, fmt.Errorf("$VIRTUAL_ENV is %s, which has no bin/python: was the virtualenv moved or deleted? "+
			"run deactivate, or choose another Python with --python", dir)
	}
	if err != nil {
		return Interpreter{}, fmt.Errorf("$VIRTUAL_ENV: %w", err)
	}
	return Interpreter{path, "$VIRTUAL_ENV"}, nil
}

// beside takes the virtualenv dir if it is one. Neither an interpreter nor an
// error means that it is not.
func beside(dir, name string) (Interpreter, error) {
	if _, err := os.Stat(filepath.Join(dir, "pyvenv.cfg")); err != nil {
		return Interpreter{}, nil
	}
	path := filepath.Join(dir, "bin", "python")
	err := check(path)
	if errors.Is(err, fs.ErrNotExist) && !isDangling(err) {
		return Interpreter{}, nil
	}
	if err != nil {
		return Interpreter{}, err
	}
	return Interpreter{path, name + " beside the application"}, nil
}

func onPath(environ []string, appDir string) (Interpreter, error) {
	for _, name := range []string{"python3", "python"} {
		if path := lookPath(environ, name); path != "" {
			return Interpreter{path, name + " on PATH"}, nil
		}
	}
	return Interpreter{}, fmt.Errorf("no Python found: $VIRTUAL_ENV is not set, %s has no virtualenv (.venv or venv), "+
		"and PATH has no python3 or python: install Python %d.%d or newer, or say where it is with --python",
		appDir, minMajor, minMinor)
}

// getenv returns the last value of name, as the system's own rule is for a list
// with a name given twice.
func getenv(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if k, v, ok := strings.Cut(e, "="); ok && k == name {
			value = v
		}
	}
	return value
}
