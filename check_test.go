package highball_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"highball"
)

// checkConfig is for the application whose source is given.
func checkConfig(t *testing.T, source string) highball.Config {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("needs python3")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wsgi.py"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	return highball.Config{App: "wsgi", Dir: dir, Logger: slog.New(slog.DiscardHandler)}
}

func TestCheck(t *testing.T) {
	report, err := highball.Check(t.Context(), checkConfig(t, `
def application(environ, start_response):
    start_response("200", [("Content-Type", "text/plain")])
    return []
`))
	if err != nil {
		t.Fatal(err)
	}
	if report.Breaks() != 1 || len(report.Findings) != 1 || report.Probes != len(report.Findings[0].Probes) {
		t.Fatalf("%+v", report)
	}
	if f := report.Findings[0]; f.Clause != 63 || f.Where != "wsgi.py:3 in application" || f.Note {
		t.Errorf("%+v", f)
	}
}

func TestCheckOfWhatDoesNotLoad(t *testing.T) {
	_, err := highball.Check(t.Context(), checkConfig(t, "import missing_module\n"))
	load, ok := errors.AsType[*highball.LoadError](err)
	if !ok || load.Traceback == "" {
		t.Errorf("error %v", err)
	}
}

// A context that ends, ends the process, even one that C code keeps busy.
func TestCheckIsCancelled(t *testing.T) {
	cfg := checkConfig(t, `
import re
re.match("(a+)+b", "a" * 64)
`)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := highball.Check(ctx, cfg); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Where no Python code can run, the watchdog within the process cannot either.
func TestCheckOfAProbeThatHangsInC(t *testing.T) {
	cfg := checkConfig(t, `
import re
def application(environ, start_response):
    re.match("(a+)+b", "a" * 64)
`)
	cfg.RequestTimeout = 100 * time.Millisecond
	report, err := highball.Check(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if report.Stopped != "GET /" || report.Breaks() != 1 {
		t.Errorf("%+v", report)
	}
}
