package dev

import (
	"os/exec"
	"strings"
	"testing"

	"highball/e2e/harness"
)

const manage = `
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
`

const djangoSettings = `
import os
BASE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEBUG = %DEBUG%
SECRET_KEY = "for a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
STATIC_URL = "/static/"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
`

const djangoURLs = `
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
def fails(request):
    here = "in the view"
    raise KeyError("thrown")
urlpatterns = [path("", lambda r: render(r, "shop/index.html")), path("fails", fails)]
`

func djangoProject(debug string) files {
	return files{
		"manage.py": manage, "shop/__init__.py": "", "shop/settings.py": strings.Replace(djangoSettings, "%DEBUG%", debug, 1), "shop/urls.py": djangoURLs,
		"shop/wsgi.py":                   "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
		"shop/templates/shop/index.html": "one",
		"shop/static/shop/style.css":     "p { color: red }",
	}
}

// A project by its manage.py, as runserver serves it: static files, its own page for
// exceptions, templates as they are now.
func TestDjango(t *testing.T) {
	t.Parallel()
	python := venv(t, "django")
	p := write(t, djangoProject("True"))
	p.serve(harness.Options{App: ".", Python: python})
	p.Get(t, "/").Want(t, 200, "one")
	p.Get(t, "/static/shop/style.css").Want(t, 200, "p { color: red }")
	page := p.Get(t, "/fails", html)
	page.WantStatus(t, 500)
	contains(t, page.Body, "in the view", "KeyError", "DEBUG = True")
	p.after(func() { p.save("shop/templates/shop/index.html", "two") })
	p.Get(t, "/").Want(t, 200, "two")
	p.after(func() {
		p.save("shop/urls.py", strings.Replace(djangoURLs, `lambda r: render(r, "shop/index.html")`, `lambda r: HttpResponse("three")`, 1))
	})
	p.Get(t, "/").Want(t, 200, "three")
	p.after(func() { p.save("shop/settings.py", "import nothing_such\n") })
	contains(t, p.Get(t, "/", html).Body, "ModuleNotFoundError", "nothing_such")
	p.after(func() { p.save("shop/settings.py", strings.Replace(djangoSettings, "%DEBUG%", "False", 1)) })
	p.Get(t, "/static/shop/style.css").WantStatus(t, 404) // as runserver has it without DEBUG
	p.Get(t, "/").Want(t, 200, "three")
}

// Flask serves its own static files; a template shows as it is now, and FLASK_APP leads to
// the application.
func TestFlask(t *testing.T) {
	t.Parallel()
	python := venv(t, "flask")
	p := write(t, files{
		"hello.py": "import flask\ndef create_app():\n    app = flask.Flask(__name__)\n    app.config['DEBUG'] = False\n" +
			"    @app.route('/')\n    def index():\n        return flask.render_template('page.html', debug=app.debug)\n" +
			"    @app.route('/none')\n    def none():\n        return '', 204\n    return app\n",
		"templates/page.html": "one {{ debug }}", "static/a.css": "p {}",
	})
	p.serve(harness.Options{App: "hello:create_app()", Python: python})
	p.Get(t, "/").Want(t, 200, "one True") // as flask run --debug has it
	p.Get(t, "/static/a.css").Want(t, 200, "p {}")
	p.Get(t, "/none").WantStatus(t, 204)
	p.after(func() { p.save("templates/page.html", "two {{ debug }}") })
	p.Get(t, "/").Want(t, 200, "two True")
}

// .flaskenv and .env, where python-dotenv is installed, as the command flask has them.
func TestFlaskVariables(t *testing.T) {
	t.Parallel()
	app := "import os, flask\nother = flask.Flask(__name__)\n@other.route('/')\ndef index():\n    return ' '.join(os.environ.get(n, '-') for n in 'ABCD')\n"
	project := files{"hello.py": app, ".flaskenv": "FLASK_APP=hello:other\nA=flaskenv\nB=flaskenv\nC=flaskenv\n", ".env": "B=env\nC=env\n"}
	t.Run("read", func(t *testing.T) {
		python := venv(t, "flask, dotenv")
		p := write(t, project)
		p.serve(harness.Options{App: ".", Python: python, Env: []string{"C=given"}})
		p.Get(t, "/").Want(t, 200, "flaskenv env given -")
		p.after(func() { p.save(".env", "B=other\nD=new\n") })
		p.Get(t, "/").Want(t, 200, "flaskenv other given new")
	})
	t.Run("not installed", func(t *testing.T) {
		python := harness.Newest(t).Path
		if exec.Command(python, "-c", "import dotenv").Run() == nil {
			t.Skipf("%s has python-dotenv", python)
		}
		p := write(t, files{"app.py": plain, "text.py": text(1), ".env": "A=1\n"})
		p.serve(harness.Options{Python: python})
		p.Get(t, "/").Want(t, 200, "1")
		if p.Count("install python-dotenv") == 0 {
			t.Error("the log does not say why .env is not read")
		}
	})
}

// The file of a deployment says which application it is; how it is served there does not count.
func TestSettingsFileOfTheDeployment(t *testing.T) {
	t.Parallel()
	p := write(t, files{
		"main.py":       "import os\ndef application(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'text/plain')])\n    return [os.environ['GIVEN'].encode()]\n",
		"highball.toml": "app = \"main.py\"\nworkers = 7\npreload = true\nbind = [\"0.0.0.0:1\"]\nuser = \"nobody\"\n[env]\nGIVEN = \"by the file\"\n",
	})
	python := harness.Newest(t).Path
	p.serve(harness.Options{App: "main.py", Python: python})
	p.Get(t, "/").Want(t, 200, "by the file")
	if p.Count("workers") != 1 || len(p.Find(func(e harness.Entry) bool { return e.Message() == "workers" && e.Text("workers") == "1" })) != 1 {
		t.Error("there is not one worker")
	}
}
