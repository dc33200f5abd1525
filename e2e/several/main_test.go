// Package several tests several applications in one server: by host and path, each with
// an interpreter of its own, and beside real Apache with mod_wsgi.
package several

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// server serves the applications of a settings file.
type server struct {
	*harness.Server
	dir, socket string
}

// start writes the files, of which highball.toml is the settings, and serves them. DIR in
// that stands for the directory.
func start(t *testing.T, files map[string]string, o harness.Options) *server {
	t.Helper()
	s := &server{dir: scratch(t)}
	s.socket = filepath.Join(s.dir, "ctl")
	for name, text := range files {
		s.write(t, name, text)
	}
	o.Dir, o.Args = s.dir, append(o.Args, "--control", s.socket)
	if o.Python == "" {
		o.Python = harness.Newest(t).Path
	}
	s.Server = harness.Start(t, o)
	return s
}

// scratch is a directory with a short name, open to those whom Apache becomes.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "several-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	return dir
}

// write replaces a file as deployments do, at once.
func (s *server) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	text = strings.ReplaceAll(text, "DIR", s.dir)
	if err := os.WriteFile(path+"~", []byte(text), 0o644); err != nil { //nolint:gosec // Apache reads it
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

// get asks for "host/path".
func (s *server) get(t *testing.T, place string, fields ...string) *harness.Response {
	t.Helper()
	return s.Do(t, request(place, fields...))
}

func request(place string, fields ...string) string {
	host, path, _ := strings.Cut(place, "/")
	return strings.Replace(harness.Request("GET", "/"+path, fields...), "test.example", host, 1)
}

func (s *server) ctl(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return harness.Ctl(t, harness.Binary(), s.socket, args...)
}

type app struct {
	Name, State, Python string
	Generation          int
	LastError           string `json:"last_error"`
	Queue               struct{ Waiting int }
	Requests            struct {
		InFlight int `json:"in_flight"`
		Served   int
	}
}

type worker struct {
	Number, PID int
	App, State  string
}

type status struct {
	State, Application string

	Apps    []app
	Workers []worker
}

func (s *server) status(t *testing.T) (st status) {
	t.Helper()
	out, errs, code := s.ctl(t, "--json", "status")
	if err := json.Unmarshal([]byte(out), &st); err != nil || code != 0 {
		t.Fatalf("ctl status: exit code %d, %v\n%s%s", code, err, out, errs)
	}
	return st
}

// app is what the status says of one.
func (s *server) app(t *testing.T, name string) app {
	t.Helper()
	for _, a := range s.status(t).Apps {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("the status has no %s", name)
	return app{}
}

// workers are the numbers of the ready workers of an application.
func (s *server) workers(t *testing.T, name string) (numbers []int) {
	t.Helper()
	for _, w := range s.status(t).Workers {
		if w.App == name && w.State == "ready" {
			numbers = append(numbers, w.Number)
		}
	}
	return numbers
}

// answers is a script that answers a text, waits at a gate if it is asked to, and dies.
const answers = `
import os
from support import gate
TEXT = %q
HELD = bytearray(%d << 20)
def application(environ, start_response):
    if "gate=" in environ["QUERY_STRING"]:
        gate(environ)
    if environ["PATH_INFO"] == "/die":
        os._exit(3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [TEXT.encode()]
`

func answering(text string) string { return fmt.Sprintf(answers, text, 0) }

// twoApps are at /a and at b.example.
const twoApps = `
workers = 1
threads = 2

[[app]]
name = "a"
path = "/a"
app = "a.wsgi"

[[app]]
name = "b"
host = "b.example"
app = "b.wsgi"
`

func startTwo(t *testing.T, args ...string) *server {
	t.Helper()
	return start(t, map[string]string{"highball.toml": twoApps, "a.wsgi": answering("a1"), "b.wsgi": answering("b1")}, harness.Options{Args: args})
}

// frameworks is the interpreter of the virtual environment with Flask and Django.
func frameworks(t *testing.T) string {
	t.Helper()
	python := filepath.Join(harness.Root(), ".venv", "bin", "python")
	if dir := os.Getenv("HIGHBALL_TEST_VENV"); dir != "" {
		python = filepath.Join(dir, "bin", "python")
	}
	if err := exec.Command(python, "-c", "import flask, django").Run(); err != nil {
		t.Skipf("%s cannot import flask and django", python)
	}
	return python
}
