package harness

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Python is an interpreter to test with.
type Python struct {
	Name string // "cpython3.12", "pypy3.9"
	Path string
}

// Pythons finds every CPython from 3.9 to 3.13, of pyenv and on $PATH, and PyPy.
// $HIGHBALL_TEST_PYTHON names the only one to use.
var Pythons = sync.OnceValue(func() []Python {
	if only := os.Getenv("HIGHBALL_TEST_PYTHON"); only != "" {
		p, err := identify(only)
		if err != nil {
			panic(fmt.Sprintf("HIGHBALL_TEST_PYTHON=%s: %v", only, err))
		}
		return []Python{p}
	}
	byName := map[string]Python{}
	for _, path := range candidates() {
		p, err := identify(path)
		if _, known := byName[p.Name]; err == nil && !known {
			byName[p.Name] = p
		}
	}
	var found []Python
	for _, minor := range []string{"9", "10", "11", "12", "13"} {
		if p, ok := byName["cpython3."+minor]; ok {
			found = append(found, p)
		}
	}
	for name, p := range byName {
		if strings.HasPrefix(name, "pypy3") {
			found = append(found, p)
		}
	}
	return found
})

func candidates() []string {
	root := cmp.Or(os.Getenv("PYENV_ROOT"), filepath.Join(os.Getenv("HOME"), ".pyenv"))
	paths, _ := filepath.Glob(filepath.Join(root, "versions", "*3.*", "bin", "python"))
	slices.Reverse(paths) // the newest of a minor version first
	for _, name := range []string{"python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "pypy3", "python3"} {
		if path, err := exec.LookPath(name); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// identify asks the interpreter what it is, and where: a pyenv shim would choose
// by the current directory each time.
func identify(path string) (Python, error) {
	const ask = "import sys; print(sys.implementation.name + '%d.%d' % sys.version_info[:2]); print(sys.executable)"
	out, err := exec.Command(path, "-c", ask).Output()
	if err != nil {
		return Python{}, err
	}
	lines := strings.Fields(string(out))
	if len(lines) != 2 {
		return Python{}, fmt.Errorf("%s says %q", path, out)
	}
	return Python{Name: lines[0], Path: lines[1]}, nil
}

// Newest returns one interpreter, for what does not depend on its version.
func Newest(t testing.TB) Python {
	t.Helper()
	found := Pythons()
	if len(found) == 0 {
		t.Skip("no Python 3.9 to 3.13: install one, or name it in HIGHBALL_TEST_PYTHON")
	}
	best := found[0]
	for _, p := range found {
		if strings.HasPrefix(p.Name, "cpython") {
			best = p
		}
	}
	return best
}
