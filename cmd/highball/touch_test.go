//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each way to touch a file is a change, once; its disappearance is none.
func TestTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deployed")
	touched, err := watchTouched([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	later := func() error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)) }
	for _, step := range []struct {
		what   string
		do     func() error
		change bool
	}{
		{"nothing", func() error { return nil }, false},
		{"created", write(""), true},
		{"written", write("more"), true},
		{"touched", later, true},
		{"its mode", func() error { return os.Chmod(path, 0o640) }, false},
		{"removed", func() error { return os.Remove(path) }, false},
		{"back", write("more"), true},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := touched.look() == path; got != step.change {
			t.Errorf("%s: a change: %t", step.what, got)
		}
		if touched.look() != "" {
			t.Errorf("%s: it is told twice", step.what)
		}
	}
}

func TestTouchedNeedsADirectory(t *testing.T) {
	_, err := watchTouched([]string{filepath.Join(t.TempDir(), "none", "deployed")})
	if err == nil || !strings.Contains(err.Error(), "create it, or name another file") {
		t.Error(err)
	}
}
