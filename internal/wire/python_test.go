package wire

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each CPython on the machine reads and writes the vectors alike.
// HIGHBALL_TEST_PYTHON, a list like PATH, chooses others, or one alone.
func TestVectorsInPython(t *testing.T) {
	for _, python := range pythons(t) {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(python, "-B", "testdata/check_vectors.py", "testdata/vectors.json")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", python, err, out)
			}
		})
	}
}

func pythons(t *testing.T) []string {
	t.Helper()
	if chosen := os.Getenv("HIGHBALL_TEST_PYTHON"); chosen != "" {
		return filepath.SplitList(chosen)
	}
	var found []string
	if home, err := os.UserHomeDir(); err == nil {
		for _, minor := range []string{"9", "10", "11", "12", "13", "14"} {
			match, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3."+minor+".*/bin/python"))
			found = append(found, match...)
		}
	}
	if path, err := exec.LookPath("python3"); err == nil && !strings.Contains(path, "shims") {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Skip("no CPython 3.9 or later: set HIGHBALL_TEST_PYTHON")
	}
	return found
}
