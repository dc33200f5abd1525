// Package dev tests `highball dev` and reload-on-change: real interpreters, real
// frameworks, files saved as editors save them.
package dev

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// project is a directory with an application, and the server that serves it.
type project struct {
	*harness.Server
	t   *testing.T
	dir string
}

// files are the texts of a project's, by their paths in it.
type files map[string]string

// write makes a project, which nothing serves yet.
func write(t *testing.T, files files) *project {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: dir}
	for name, text := range files {
		p.save(name, text)
	}
	return p
}

// serve begins to serve, by dev unless the options say otherwise.
func (p *project) serve(o harness.Options, args ...string) *project {
	p.t.Helper()
	if o.Verb == "" {
		o.Verb = "dev"
	}
	if o.App == "" {
		o.App = "app.py"
	}
	if o.Python == "" {
		o.Python = harness.Newest(p.t).Path
	}
	o.Dir, o.Args = p.dir, append(o.Args, args...)
	p.Server = harness.Start(p.t, o)
	return p
}

// start makes a project and serves it.
func start(t *testing.T, files files, args ...string) *project {
	t.Helper()
	return write(t, files).serve(harness.Options{}, args...)
}

func (p *project) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir, name)
}

// save writes a file in place.
func (p *project) save(name, text string) {
	p.t.Helper()
	path := p.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// replace saves as vim does: the old file becomes a backup, a new one takes its place.
func (p *project) replace(name, text string) {
	p.t.Helper()
	if err := os.Rename(p.path(name), p.path(name+"~")); err != nil {
		p.t.Fatal(err)
	}
	p.save(name, text)
	if err := os.Remove(p.path(name + "~")); err != nil {
		p.t.Fatal(err)
	}
}

const (
	changed  = "reload: files have changed"
	reloaded = "reload: the new code serves"
)

// after does something, and returns when the server has seen that files have changed.
func (p *project) after(do func()) {
	p.t.Helper()
	before := p.Count(changed)
	do()
	p.Wait(p.t, func(harness.Entry) bool { return p.Count(changed) > before })
}

// html is the field by which browsers ask for pages.
const html = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"

// venv returns the interpreter of the virtual environment with the frameworks.
func venv(t *testing.T, module string) string {
	t.Helper()
	dir := os.Getenv("HIGHBALL_TEST_VENV")
	if dir == "" {
		dir = filepath.Join(harness.Root(), ".venv")
	}
	python := filepath.Join(dir, "bin", "python")
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		t.Skipf("%s cannot import %s: make the virtual environment, or name one in HIGHBALL_TEST_VENV", python, module)
	}
	return python
}

// contains checks a text for what it has to have.
func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			if _, rest, ok := strings.Cut(text, "</style>"); ok {
				text = rest // where there is something to read
			}
			t.Errorf("%q is not in\n%.3000s", want, text)
		}
	}
}

// plain answers a text that is imported from a module.
const plain = `
import text
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.TEXT.encode()]
`

func text(value any) string { return fmt.Sprintf("TEXT = %q\n", fmt.Sprint(value)) }
