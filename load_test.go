package highball_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"highball"
)

// An application is loaded, and nothing is asked of it.
func TestLoad(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3")
	}
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	text := "def app(environ, start_response):\n    open(" + `"` + asked + `"` + ", 'w')\n"
	if err := os.WriteFile(filepath.Join(dir, "shop.py"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	name, err := highball.Load(t.Context(), highball.Config{App: "shop:app", Dir: dir, Python: "python3"})
	if err != nil || name != "shop:app" {
		t.Errorf("%q, %v", name, err)
	}
	if _, err := os.Stat(asked); err == nil {
		t.Error("it was asked something")
	}
	_, err = highball.Load(t.Context(), highball.Config{App: "shop:none", Dir: dir, Python: "python3"})
	if load := (*highball.LoadError)(nil); !errors.As(err, &load) {
		t.Errorf("%v, want a LoadError", err)
	}
}
