package pages

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"highball/e2e/harness"
)

// buildWheel makes the package as `make wheel` does, and returns the wheel's path.
func buildWheel(dir string) (string, error) {
	cmd := exec.Command("python3", "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", "--wheel-dir", dir,
		filepath.Join(harness.Root(), "python"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "highball-*.whl"))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("pip has made %q", found)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// wheel puts the package where the machine's pip looks for it.
func (m *machine) wheel(build func() (string, error)) {
	m.t.Helper()
	path, err := build()
	if err != nil {
		m.t.Skip("the wheel cannot be built: ", err)
	}
	m.put(path, "/srv/wheels/"+filepath.Base(path))
}
