//go:build !windows

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"highball"
)

func TestAttachedSettings(t *testing.T) {
	tests := []struct {
		name     string
		settings map[string][]string
		environ  []string
		want     string // of the error
		isType   bool
	}{
		{name: "arguments", settings: map[string][]string{"max_body": {"1M"}, "bind": {":1", ":2"}, "drain-timeout": {"90s"}}},
		{name: "unknown", settings: map[string][]string{"wokers": {"1"}}, want: `f(): unknown setting "wokers": did you mean workers?`, isType: true},
		{name: "a list", settings: map[string][]string{"workers": {"1", "2"}}, want: "f(): workers takes one value, not a list of 2", isType: true},
		{name: "no value", settings: map[string][]string{"workers": {}}, want: "f(): workers takes one value, not a list of 0", isType: true},
		{name: "wrong", settings: map[string][]string{"threads": {"x"}}, want: `f(): threads: "x" is not a whole number`},
		{name: "two mistakes", settings: map[string][]string{"threads": {"x"}, "workers": {"y"}}, want: `; f(): threads: "x"`},
		{name: "the program's own", settings: map[string][]string{"chdir": {"/"}}, want: "f(): chdir is not for this: the application runs in the program's own process", isType: true},
		{name: "a variable", environ: []string{"HIGHBALL_THREADS=x"}, want: `HIGHBALL_THREADS: "x"`},
		{name: "another user by a variable", environ: []string{"HIGHBALL_USER=nobody"}, want: "variable HIGHBALL_USER: the workers would stay"},
		{name: "an interpreter by a variable", environ: []string{"HIGHBALL_PYTHON=/x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values, err := attachment{Caller: "f", Settings: tt.settings}.values(tt.environ)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				} else if list := tt.settings["bind"]; list != nil && len(values.List("bind")) != len(list) {
					t.Errorf("bind is %v, want %v", values.List("bind"), list)
				}
				return
			}
			if err == nil || !strings.Contains(oneLine(err), tt.want) || strings.Contains(oneLine(err), "\n") {
				t.Fatalf("got %v, want a line with %q", err, tt.want)
			}
			var isType typeError
			if got := errors.As(err, &isType); got != tt.isType {
				t.Errorf("it is for TypeError: %v, want %v", got, tt.isType)
			}
		})
	}
}

func TestRefusedSettingsExist(t *testing.T) {
	names := map[string]bool{}
	for _, s := range settingsTable().Settings {
		names[s.Name] = true
	}
	for name := range notAttached() {
		if !names[name] {
			t.Errorf("%s is refused, but no setting", name)
		}
	}
}

func TestStartReport(t *testing.T) {
	tests := []struct {
		err   error
		kind  string
		errno int
	}{
		{usageError{typeError{errors.New("x")}, ""}, "type", 0},
		{usageError{errors.New("x"), ""}, "value", 0},
		{&highball.LoadError{}, "load", 0},
		{os.NewSyscallError("bind", syscall.EADDRINUSE), "os", int(syscall.EADDRINUSE)},
		{errors.New("x"), "", 0},
	}
	for _, tt := range tests {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		report := &startReport{file: w}
		if !report.fails(tt.err) || report.fails(tt.err) {
			t.Errorf("%v: it has to be told once", tt.err)
		}
		text, err := io.ReadAll(r)
		var got attachReport
		if err = errors.Join(err, json.Unmarshal(text, &got)); err != nil || got.Kind != tt.kind || got.Errno != tt.errno {
			t.Errorf("%v: %s, %v; want %q and %d", tt.err, text, err, tt.kind, tt.errno)
		}
		_ = r.Close()
	}
}
