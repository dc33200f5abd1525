//go:build !windows

package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite docs/CONFIG.md and the scripts' expected output")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"highball": main, gunicornName: main, "highball-mounted": mountedMain})
}

// TestScript runs the program as a shell would; each script is one subject.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// TestManual compares docs/CONFIG.md with the table it is written from.
func TestManual(t *testing.T) {
	const path = "../../docs/CONFIG.md"
	if *update {
		if err := os.WriteFile(path, []byte(manual()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != manual() {
		t.Errorf("%s is not what the settings table says: run go test ./cmd/highball -update", path)
	}
}
