package faults

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shows is an application that answers with what the query asks it to evaluate.
const shows = `
import os, sys
from urllib.parse import unquote

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(eval(unquote(environ["QUERY_STRING"]))).encode()]
`

func (p *program) eval(path, expression, want string) {
	p.t.Helper()
	p.wantGet(path+"?"+strings.ReplaceAll(expression, " ", "%20"), 200, want)
}

func TestEnvironments(t *testing.T) {
	t.Parallel()
	p := start(t, 1, file("app.py", shows), env("LISTEN_FDS=1", "NOTIFY_SOCKET=/run/x", "KEPT=yes", "CHANGED=no"),
		args("--env", "CHANGED=yes", "--env", "ADDED=a=b", "--environ", "site.name=shop", "--environ", "EMPTY="))
	p.eval("/", "os.environ['KEPT']", "yes")
	p.eval("/", "os.environ['CHANGED']", "yes")
	p.eval("/", "os.environ['ADDED']", "a=b")
	p.eval("/", "'LISTEN_FDS' in os.environ or 'NOTIFY_SOCKET' in os.environ", "False")
	p.eval("/", "environ['site.name']", "shop")
	p.eval("/", "repr(environ['EMPTY'])", "''")
	p.eval("/", "'site.name' in os.environ", "False")
}

func TestScriptName(t *testing.T) {
	t.Parallel()
	p := start(t, 1, file("app.py", shows), args("--script-name", "/shop"))
	p.eval("/shop/cart", "environ['SCRIPT_NAME'] + '|' + environ['PATH_INFO']", "/shop|/cart")
	p.eval("/shop", "environ['SCRIPT_NAME'] + '|' + environ['PATH_INFO']", "/shop|")
	p.wantGet("/shopping?1", 404, "")
	p.wantGet("/?1", 404, "")
}

func TestMiddlewareOrder(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		p := start(t, 1, file("app.py", shows), file("layers.py", `
def layer(application, name="bare"):
    def call(environ, start_response):
        environ["layers"] = environ.get("layers", "") + name + " "
        return application(environ, start_response)
    return call
`), args(preload, "--middleware", "layers:layer", "--middleware", "layers:layer(name='second')"))
		p.eval("/", "environ['layers']", "bare second ")
	}
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	p := start(t, 1, file("app.py", "raise RuntimeError('the wrong one')"), file("sub/app.py", "import helper"+shows),
		file("lib/helper.py", ""), args("--chdir", "sub", "--pythonpath", "../lib"))
	p.eval("/", "os.path.basename(os.getcwd())", "sub")
	p.eval("/", "os.path.relpath(sys.modules['helper'].__file__)", "../lib/helper.py")
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	p := start(t, 1, file("app.py", shows))
	req, err := http.NewRequest(http.MethodGet, "http://"+p.address()+"/?environ['SERVER_PROTOCOL']", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http2Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("the answer came by %s", resp.Proto)
	}
	p.want(do(http2Client(), req), 200, "HTTP/2.0")
}

// venv is a virtualenv with Flask and Django.
func venv(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("HIGHBALL_TEST_VENV")
	if dir == "" {
		dir, _ = filepath.Abs("../../.venv")
	}
	if _, err := os.Stat(filepath.Join(dir, "bin", "python")); err != nil {
		t.Skip("no virtualenv: make one at .venv, or name one with HIGHBALL_TEST_VENV")
	}
	for _, name := range []string{"flask", "django"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "lib", "python3*", "site-packages", name)); len(found) == 0 {
			t.Skipf("the virtualenv %s has no %s", dir, name)
		}
	}
	return dir
}

// found runs `highball run` without an application in a project's directory.
func found(t *testing.T, settings ...setting) *program {
	t.Helper()
	p := launch(t, append(settings, bare, args("--bind", "127.0.0.1:0", "--workers", "1"))...)
	p.awaitLog("listening on ")
	return p
}

const flaskApp = `
import flask
app = flask.Flask(__name__)
@app.route("/")
def index(): return "flask says hello"
`

func TestFlaskProjectIsFound(t *testing.T) {
	t.Parallel()
	dir := venv(t)
	for name, files := range map[string]map[string]string{
		"app.py":    {"app.py": flaskApp},
		"wsgi.py":   {"wsgi.py": flaskApp, "app.py": "1/0"},
		"factory":   {"app.py": "def create_app():" + strings.ReplaceAll(flaskApp, "\n", "\n    ") + "\n    return app\n"},
		"FLASK_APP": {"shop/__init__.py": flaskApp},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := []setting{args("--python", dir)}
			for file, text := range files {
				settings = append(settings, func(s *setup) { s.files[file] = text })
			}
			if name == "FLASK_APP" {
				settings = append(settings, env("FLASK_APP=shop"))
			}
			found(t, settings...).wantGet("/", 200, "flask says hello")
		})
	}
}

func TestDjangoProjectIsFound(t *testing.T) {
	t.Parallel()
	p := found(t, args("--python", venv(t)), files(map[string]string{
		"manage.py": `
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")
`,
		"site_/__init__.py": "",
		"site_/settings.py": "SECRET_KEY = 'x'\nROOT_URLCONF = 'site_.urls'\nALLOWED_HOSTS = ['*']\nWSGI_APPLICATION = 'site_.wsgi.application'\n",
		"site_/urls.py": `
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("django says hello"))]
`,
		"site_/wsgi.py": `
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")
application = get_wsgi_application()
`,
	}))
	p.wantGet("/", 200, "django says hello")
	p.awaitLog("kind=django")
}

func TestPlainFileIsFound(t *testing.T) {
	t.Parallel()
	p := found(t, file("wsgi.py", strings.ReplaceAll(shows, "def app", "def application")))
	p.eval("/", "__name__", "wsgi")
}

func TestNothingIsFound(t *testing.T) {
	t.Parallel()
	p := launch(t, bare, file("readme.txt", ""))
	p.fails(3, 0, "tried:")
}

// The virtualenv beside the application is used, without a word.
func TestVirtualenvBesideTheApplication(t *testing.T) {
	t.Parallel()
	dir := venv(t)
	p := launch(t, bare, file("app.py", flaskApp), args("--bind", "127.0.0.1:0", "--workers", "1", "--start-timeout", "20s"),
		func(s *setup) { s.link = map[string]string{".venv": dir} })
	p.awaitLog("listening on ")
	p.wantGet("/", 200, "flask says hello")
	if line := p.awaitLog("python version"); !strings.Contains(line, p.path(".venv/bin/python")) || !strings.Contains(line, ".venv beside the application") {
		t.Errorf("the start-up line does not say which: %s", line)
	}
}

// What keeps the project's files from shadowing ours at the start of Python is
// not the application's.
func TestSafePathIsNotPassedOn(t *testing.T) {
	t.Parallel()
	p := start(t, 1, file("app.py", shows))
	p.eval("/", "os.environ.get('PYTHONSAFEPATH')", "None")
	p = start(t, 1, file("app.py", shows), env("PYTHONSAFEPATH=1"))
	p.eval("/", "os.environ.get('PYTHONSAFEPATH')", "1")
}
