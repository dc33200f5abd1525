package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// installed has the project use the package of python/, as if pip had put it there.
func (s djangoShop) installed(t *testing.T) (pythonPath string) {
	t.Helper()
	site := t.TempDir()
	if err := os.CopyFS(site, os.DirFS(filepath.Join(harness.Root(), "python", "src"))); err != nil {
		t.Fatal(err)
	}
	binary := fmt.Sprintf("def find() -> str:\n    return %q\n", harness.Binary())
	if err := os.WriteFile(filepath.Join(site, "highball", "_binary.py"), []byte(binary), 0o600); err != nil {
		t.Fatal(err)
	}
	s.setting(t, `INSTALLED_APPS += ["highball"]`)
	return site
}

// managed starts `manage.py highball` with these arguments in front of the harness's.
func (s djangoShop) managed(t *testing.T, site, from string, args ...string) (*harness.Server, error) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "highball")
	// The harness says "run" and flags; the first is manage.py's to know.
	text := fmt.Sprintf("#!/bin/sh\nshift\ncd %s && exec %s %s highball %s \"$@\"\n", from, s.python, filepath.Join(s.dir, "manage.py"), strings.Join(args, " "))
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := harness.Launch(harness.Options{
		Binary: script, Dir: s.dir, Env: []string{"PYTHONPATH=" + site},
	})
	if err == nil {
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	return server, err
}

func TestManagePyServes(t *testing.T) {
	p := newShop(t)
	site := p.installed(t)
	p.setting(t, `HIGHBALL = {"WORKERS": 3, "threads": 2, "environ": {"shop.said": "so"}, "request_timeout": 7, "max-requests": None}`)
	s, err := p.managed(t, site, "/", "--threads", "5", "--settings", "shop.settings")
	if err != nil {
		t.Fatal(err)
	}
	s.WaitText(t, "workers")
	e := s.Wait(t, func(e harness.Entry) bool { return e.Message() == "workers" })
	want(t, "workers of HIGHBALL, threads of the flag", e.Text("workers")+" "+e.Text("threads"), "3 5")
	if !strings.HasSuffix(e.Text("time"), zone(t)) {
		t.Errorf("the log has the project's TIME_ZONE: %s", e.Raw)
	}
	python := s.Wait(t, func(e harness.Entry) bool { return e.Message() == "python" })
	want(t, "interpreter", python.Text("path"), p.python)
	application := s.Wait(t, func(e harness.Entry) bool { return e.Message() == "application" })
	want(t, "application, which nobody had to look for", application.Text("target")+" "+application.Text("kind"), "shop.wsgi:application module")
	s.Get(t, "/url").Want(t, 200, "/static/catalogue/shop.css")

	_ = s.Signal(syscall.SIGHUP)
	s.WaitText(t, "the new code serves")
	want(t, "the server's processes", len(s.Processes()) >= 5, true) // it is manage.py's own process that serves
}

// zone is how a log of this process would end its times.
func zone(t *testing.T) string {
	t.Helper()
	return time.Now().Format("Z07:00")
}

func TestManagePyRefuses(t *testing.T) {
	for _, c := range []struct {
		setting, says string
		args          []string
		code          int
	}{
		{`HIGHBALL = {"workrs": 3}`, `highball: error: shop.settings: HIGHBALL: unknown key "workrs": did you mean workers?`, nil, 2},
		{`HIGHBALL = {"workers": "many"}`, `highball: error: shop.settings: HIGHBALL['workers']: the string "many" is not a whole number`, nil, 2},
		{`HIGHBALL = ["workers"]`, "CommandError: HIGHBALL is a list: write a dict", nil, 1},
		{`HIGHBALL = {"workers": print}`, "CommandError: HIGHBALL['workers']: a builtin_function_or_method is no setting's value", nil, 1},
		{``, "unknown flag --wokers: did you mean --workers?", []string{"--wokers=3"}, 2},
		{``, `unexpected argument "stray"`, []string{"8000", "stray"}, 2},
		{`raise ValueError("in the settings")`, "ValueError: in the settings", nil, 1},
	} {
		t.Run(c.setting+strings.Join(c.args, " "), func(t *testing.T) {
			p := newShop(t)
			site := p.installed(t)
			p.setting(t, c.setting)
			cmd := exec.CommandContext(t.Context(), p.python, append([]string{"manage.py", "highball"}, c.args...)...)
			cmd.Dir, cmd.Env = p.dir, append(harness.CleanEnviron(), "PYTHONPATH="+site, "PYTHONDONTWRITEBYTECODE=1")
			out, err := cmd.CombinedOutput()
			exit, _ := errors.AsType[*exec.ExitError](err)
			if exit == nil || exit.ExitCode() != c.code || !strings.Contains(string(out), c.says) {
				t.Errorf("got %v, want exit code %d with %q:\n%s", err, c.code, c.says, out)
			}
		})
	}
}

func TestManagePyHelps(t *testing.T) {
	p := newShop(t)
	site := p.installed(t)
	cmd := exec.CommandContext(t.Context(), p.python, "manage.py", "highball", "--help")
	cmd.Dir, cmd.Env = p.dir, append(harness.CleanEnviron(), "PYTHONPATH="+site)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "usage: manage.py highball [ADDRESS]") {
		t.Errorf("%v\n%s", err, out)
	}
}
