package touch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Each way to change a file is told, once; that it is gone is not.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site.wsgi")
	f := New(path)
	write := func(text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	replace := func() error {
		if err := os.WriteFile(path+"~", []byte("more"), 0o600); err != nil {
			return err
		}
		return os.Rename(path+"~", path)
	}
	for _, step := range []struct {
		what   string
		do     func() error
		change bool
	}{
		{"nothing", func() error { return nil }, false},
		{"created", write(""), true},
		{"written", write("more"), true},
		{"replaced", replace, true},
		{"touched", func() error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) }, true},
		{"set back", func() error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) }, true},
		{"its mode", func() error { return os.Chmod(path, 0o640) }, false},
		{"removed", func() error { return os.Remove(path) }, false},
		{"back", write("more"), true},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := f.Changed(); got != step.change {
			t.Errorf("%s: a change: %t", step.what, got)
		}
		if f.Changed() {
			t.Errorf("%s: it is told twice", step.what)
		}
	}
}
