package obs

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func owners(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

func give(t *testing.T, path string) {
	t.Helper()
	log, err := OpenLog("access log", path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.GiveTo(4712, 4711); err != nil {
		t.Error(err)
	}
}

// A log is given away, but nothing that somebody else may have put in its place.
func TestGiveTo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file away")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	give(t, at("new"))
	if got := owners(t, at("new")); got != 4712 {
		t.Errorf("the log belongs to %d", got)
	}
	for _, name := range []string{"linked", "named"} {
		if err := os.WriteFile(at(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(at("linked"), at("link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(at("named"), at("name")); err != nil {
		t.Fatal(err)
	}
	give(t, at("link"))
	give(t, at("name"))
	for _, name := range []string{"linked", "named"} {
		if got := owners(t, at(name)); got != 0 {
			t.Errorf("%s belongs to %d", name, got)
		}
	}
	give(t, os.DevNull)
	if got := owners(t, os.DevNull); got != 0 {
		t.Errorf("%s belongs to %d", os.DevNull, got)
	}
}
