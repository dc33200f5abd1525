//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"highball"
	"highball/internal/gunicorn"
	"highball/internal/migrate"
)

func TestGunicornsSettingsAreMappedToOurs(t *testing.T) {
	var ours []string
	for _, s := range settingsTable().Settings {
		ours = append(ours, s.Name)
	}
	for _, s := range gunicorn.Settings() {
		for name := range strings.FieldsSeq(s.To) {
			if !slices.Contains(ours, name) {
				t.Errorf("%s is mapped to %s, which is no setting", s.Name, name)
			}
		}
	}
}

func TestALinkCalledGunicorn(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"highball run x", "run x"},
		{"/usr/bin/highball gunicorn x", "gunicorn x"},
		{"gunicorn x -w 4", "gunicorn x -w 4"},
		{"/srv/venv/bin/gunicorn", "gunicorn"},
		{"./gunicorn.old run", "run"},
	} {
		if got := strings.Join(byName(strings.Fields(tt.args)), " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.args, got, tt.want)
		}
	}
}

func TestGunicornsDefaultsGiveWay(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(defaultFile, []byte("workers = 7\nthreads = 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := &program{stderr: io.Discard, environ: []string{"HIGHBALL_BIND=:81", "HIGHBALL_LOG_FORMAT=json"}}
	var tr migrate.Translation
	tr.Give(gunicorn.PlaceDefault, "workers", "1")
	tr.Give(gunicorn.PlaceDefault, "bind", ":80")
	tr.Give(gunicorn.PlaceDefault, "request-timeout", "30")
	tr.Give("--threads", "threads", "2")
	tr.Give(gunicorn.PlaceDefault, "access-log-format", "%(h)s")
	values, err := p.foreignSettings(&tr, gunicorn.PlaceDefault)
	if err != nil {
		t.Fatal(err)
	}
	if values.Int("workers") != 7 || values.Int("threads") != 2 || values.List("bind")[0] != ":81" || values.Duration("request-timeout").Seconds() != 30 {
		t.Errorf("%s", values.TOML())
	}
	if values.String("log-format") != "json" || strings.Contains(values.TOML(), "%(h)s") {
		t.Errorf("%s", values.TOML())
	}
	if source := values.Source("threads"); source != "--threads" {
		t.Errorf("threads come from %s", source)
	}
}

func TestGunicornsExitCodes(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code int
	}{
		{nil, 0},
		{errCutShort, 0},
		{errors.New("the disk is full"), 1},
		{usageError{errors.New("wrong"), "highball"}, 1},
		{codedError{errors.New("wrong"), 1}, 1},
		{&highball.LoadError{Message: "it raises", Traceback: "..."}, 3},
		{&highball.LoadError{Message: "no hooks", Hook: "import", Traceback: "..."}, 1},
		{&highball.LoadError{Message: "it raises", Hook: "on_starting"}, 1},
		{&highball.LoadError{Message: "it raises", Hook: "post_fork", Traceback: "..."}, 3},
		{&highball.LoadError{Message: "no module", Tried: []string{"/srv/x.py"}}, 3},
		{&highball.LoadError{Message: "no attribute", Tried: []string{"x:y"}}, 4},
		{&highball.LoadError{Message: "not callable"}, 4},
	} {
		var said strings.Builder
		if code := report(&said, gunicornExit(tt.err)); code != tt.code || strings.Contains(said.String(), "--help") {
			t.Errorf("%v: %d, want %d; %s", tt.err, code, tt.code, said.String())
		}
	}
}

func TestEachMistakeIsALine(t *testing.T) {
	var said strings.Builder
	code := report(&said, codedError{errors.Join(errors.New("a:1: x"), errors.New("a:2: y")), 1})
	if want := "highball: error: a:1: x\nhighball: error: a:2: y\n"; code != 1 || said.String() != want {
		t.Errorf("%d, %s", code, said.String())
	}
}

// Few things are told with their reason, many by their names.
func TestWhatIsLeftIsTold(t *testing.T) {
	for n, want := range map[int]string{
		0: "",
		2: "not as gunicorn has it: c.py:1: a: why\nnot as gunicorn has it: c.py:1: b: why\n",
		5: "not as gunicorn has it, or without effect here: a, b, c, d, e (--check-config says why)\n",
	} {
		var tr migrate.Translation
		for _, name := range strings.Split("abcde", "")[:n] {
			tr.Leave("c.py:1", name, "why")
		}
		var out strings.Builder
		for _, line := range logged(func(logger *slog.Logger) { sayLeft(logger, tr.Left) }) {
			out.WriteString(line + "\n")
		}
		if out.String() != want {
			t.Errorf("%d: %s, want %s", n, out.String(), want)
		}
	}
}

// logged is what f says at warning and above.
func logged(f func(*slog.Logger)) (lines []string) {
	var out bytes.Buffer
	f(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	for d := json.NewDecoder(&out); d.More(); {
		var line struct{ Msg string }
		if d.Decode(&line) != nil {
			break
		}
		lines = append(lines, line.Msg)
	}
	return lines
}
