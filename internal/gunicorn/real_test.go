package gunicorn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"highball/internal/settings"
)

// askReal runs testdata/real.py, and skips the test where the gunicorn whose settings
// these are is not installed.
func askReal(t *testing.T, input any, args ...string) (said realAnswer) {
	t.Helper()
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", append([]string{"testdata/real.py"}, args...)...)
	cmd.Stdin = bytes.NewReader(text)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	if err := d.Decode(&said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if said.Version != Version {
		t.Skipf("gunicorn %s is not installed, but %q", Version, said.Version)
	}
	return said
}

type realAnswer struct {
	Version  string
	Settings []struct {
		Name, Section, Action string
		Flags                 []string
		Meta                  string
		Integer               bool
		Default               any
	}
	Cases []struct {
		Exit    *int
		Said    string
		Values  map[string]any
		App     string
		Address []any
		Printed string
	}
}

func TestSettingsAreGunicorns(t *testing.T) {
	known := byName(Settings())
	real := askReal(t, nil, "settings").Settings
	if len(real) != len(known) {
		t.Errorf("gunicorn has %d settings, we %d", len(real), len(known))
	}
	actions := map[string]action{"store": store, "store_true": setTrue, "store_const": setFalse, "append": appendTo, "?": optionally}
	for _, r := range real {
		s, ok := known[r.Name]
		if !ok {
			t.Errorf("%s is missing", r.Name)
			continue
		}
		if s.Section != r.Section || s.Flags != strings.Join(r.Flags, " ") || s.Meta != r.Meta {
			t.Errorf("%s: %q %q %q, gunicorn has %q %q %q", r.Name, s.Section, s.Flags, s.Meta, r.Section, strings.Join(r.Flags, " "), r.Meta)
		}
		if s.action != actions[r.Action] || (s.integer || s.octal) != r.Integer {
			t.Errorf("%s: action %v, integer %v; gunicorn has %s, %v", r.Name, s.action, s.integer || s.octal, r.Action, r.Integer)
		}
		ours := encoded(s.Default)
		switch {
		case s.Kind == Callable:
			ours = "default"
		case s.Name == "chdir", s.Name == "user", s.Name == "group", s.Name == "control_socket":
			continue // they depend on the process
		}
		if theirs := settings.FromJSON(r.Default); !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%s: default %#v, gunicorn has %#v", r.Name, ours, theirs)
		}
	}
}

// encoded is a value as real.py writes it.
func encoded(v any) any {
	if object, ok := v.(Object); ok {
		if object.Class {
			return "class"
		}
		return "callable"
	}
	return v
}

// realCase is a configuration for both.
type realCase struct {
	Dir     string            `json:"dir"`
	Args    []string          `json:"args"`
	Environ map[string]string `json:"environ"`

	name  string
	files map[string]string
	ours  string // why we take what gunicorn refuses, or the other way round
}

func TestConfigurationsAsGunicornReadsThem(t *testing.T) {
	cases := realCases()
	for i := range cases {
		c := &cases[i]
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		c.Dir = dir
		for name, text := range c.files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	real := askReal(t, cases).Cases
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := Load(t.Context(), Options{Args: c.Args, Environ: c.Environ, Dir: c.Dir, Python: func(dir string) (Interpreter, error) {
				python, err := pythonForTests(dir)
				for name, v := range c.Environ {
					python.Environ = append(python.Environ, name+"="+v)
				}
				return python, err
			}})
			if err == nil {
				err = refusedLater(cfg)
			}
			theirs := real[i]
			if refused := theirs.Exit != nil; refused != (err != nil) {
				if c.ours == "" {
					t.Fatalf("ours: %v; gunicorn: %v %s", err, refused, theirs.Said)
				}
				return
			} else if refused {
				if answers := errors.Is(err, ErrHelp) || errors.Is(err, ErrVersion); answers != (*theirs.Exit == 0) {
					t.Errorf("ours: %v; gunicorn ends by %d: %s", err, *theirs.Exit, theirs.Said)
				}
				return
			}
			compare(t, cfg, theirs.Values)
			comparePrinted(t, cfg, theirs.Printed)
			if app := firstOf(cfg.App, cfg.text("wsgi_app")); app != theirs.App {
				t.Errorf("application %q, gunicorn has %q", app, theirs.App)
			}
		})
	}
}

// refusedLater is what gunicorn finds wrong when it starts to serve, and real.py asks for.
func refusedLater(cfg *Config) error {
	if !cfg.HasApp() {
		return errors.New("no application")
	}
	for _, l := range cfg.Translate().Left {
		if l.Refused && (l.Name == "bind" || l.Name == "raw_env") {
			return l
		}
	}
	return nil
}

func compare(t *testing.T, cfg *Config, theirs map[string]any) {
	t.Helper()
	for name, e := range cfg.entries {
		ours, want := encoded(e.Value), settings.FromJSON(theirs[name])
		if e.Kind == Callable && e.Value == nil {
			ours = "default"
		}
		if !reflect.DeepEqual(ours, want) {
			t.Errorf("%s: %#v, gunicorn has %#v", name, ours, want)
		}
	}
}

// comparePrinted holds --print-config against gunicorn's, but for what depends on the user
// and for dictionaries, whose order is their own there.
func comparePrinted(t *testing.T, cfg *Config, theirs string) {
	t.Helper()
	ours := strings.Split(cfg.Print(), "\n")
	for i, line := range strings.Split(theirs, "\n") {
		name, v, _ := strings.Cut(line, " ")
		v = strings.TrimLeft(v, " =")
		kind := cfg.entries[name].Kind
		if theirs == "" || name == "control_socket" || kind == Dict || kind == Address || kind == Class && cfg.workerName() != v {
			continue
		}
		if strings.Contains(v, "validate_post_request") { // gunicorn wraps the function
			continue
		}
		if ours[i] != line {
			t.Errorf("printed %q, by gunicorn %q", ours[i], line)
		}
	}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// pythonForTests is the Python on PATH, which is the virtual environment's.
func pythonForTests(string) (Interpreter, error) {
	path, err := exec.LookPath("python3")
	if err != nil {
		return Interpreter{}, fmt.Errorf("no Python: %w", err)
	}
	return Interpreter{Path: path, Environ: os.Environ(), Timeout: 30 * time.Second}, nil
}
