//go:build !windows

package privilege

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func owner(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may give a directory away")
	}
}

// A directory is made and given, that alone: not those above it.
func TestGiveDirMakesIt(t *testing.T) {
	needsRoot(t)
	defer syscall.Umask(syscall.Umask(0o077))
	above := filepath.Join(t.TempDir(), "highball")
	dir := filepath.Join(above, "acme")
	for range 2 { // the second time there is nothing to do
		if err := GiveDir(dir, 4712, 4711); err != nil {
			t.Fatal(err)
		}
	}
	if got := owner(t, dir); got != 4712 {
		t.Errorf("the directory belongs to %d", got)
	}
	if got := owner(t, above); got != 0 {
		t.Errorf("the one above belongs to %d", got)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, above: 0o755} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %o", path, info.Mode(), err, mode)
		}
	}
}

// What stands there already is given if it is an empty directory of root's. All else may
// be what somebody needs, or has put there.
func TestGiveDirGivesNothingElse(t *testing.T) {
	needsRoot(t)
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	empty, full, others := at("empty"), at("full"), at("others")
	for _, dir := range []string{empty, full, others, filepath.Join(full, "within")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(others, 4713, 4711); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{empty: 4712, full: 0, others: 4713} {
		if err := GiveDir(path, 4712, 4711); err != nil || owner(t, path) != want {
			t.Errorf("%s: %v, belongs to %d, want %d", path, err, owner(t, path), want)
		}
	}
	link, target := at("link"), t.TempDir()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := GiveDir(link, 4712, 4711); err == nil || owner(t, target) != 0 {
		t.Errorf("a link: %v, its target belongs to %d", err, owner(t, target))
	}
	file := at("file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := GiveDir(file, 4712, 4711); !errors.Is(err, syscall.ENOTDIR) || owner(t, file) != 0 {
		t.Errorf("a file: %v, it belongs to %d", err, owner(t, file))
	}
}
