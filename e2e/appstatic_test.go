package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// djangoShop is a copy of e2e/testdata/shop, a Django project.
type djangoShop struct {
	dir, python string
}

func newShop(t *testing.T) djangoShop {
	t.Helper()
	python := venv(t, "django")
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(harness.Root(), "e2e", "testdata", "shop"))); err != nil {
		t.Fatal(err)
	}
	return djangoShop{dir, python}
}

// setting adds a line to the settings.
func (s djangoShop) setting(t *testing.T, line string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "shop", "settings.py"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
}

func (s djangoShop) manage(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.python, append([]string{"manage.py"}, args...)...)
	cmd.Dir, cmd.Env = s.dir, append(harness.CleanEnviron(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("manage.py %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s djangoShop) serve(t *testing.T, env []string, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Options{
		Dir: s.dir, Python: s.python, App: ".", Env: env, Args: append([]string{"--workers", "2"}, args...),
	})
}

// byFront says whether the server itself answered, and not Django.
func byFront(r *harness.Response) bool { return !r.Has("Cross-Origin-Opener-Policy") }

func TestDjangoStaticRootIsServed(t *testing.T) {
	p := newShop(t)
	p.setting(t, `STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}`)
	p.manage(t, "collectstatic", "--noinput")
	s := p.serve(t, nil)
	s.WaitText(t, "static files")
	url := s.Get(t, "/url").Body // with the digest of its content
	if !strings.HasPrefix(url, "/static/catalogue/shop.") || len(url) != len("/static/catalogue/shop.0123456789ab.css") {
		t.Fatalf("the URL is %q", url)
	}
	r := s.Get(t, url)
	r.Want(t, 200, "body { color: black }\n")
	want(t, "served by the front", byFront(r), true)
	want(t, "how long it may be kept", r.Get("Cache-Control"), "public, max-age=31536000, immutable")
	want(t, "how long others may", s.Get(t, "/static/catalogue/shop.css").Get("Cache-Control"), "")
	missing := s.Get(t, "/static/missing.css")
	missing.WantStatus(t, 404)
	want(t, "Django's page for what is missing", byFront(missing), false)
}

func TestDjangoStaticForms(t *testing.T) {
	p := newShop(t)
	p.manage(t, "collectstatic", "--noinput")
	for _, c := range []struct {
		name, url, path string
		status          int
		args            []string
	}{
		{"below a prefix, relative", "static/", "/shop/static/logo.txt", 200, []string{"--script-name", "/shop"}},
		{"below a prefix, absolute", "/static/", "/static/logo.txt", 200, []string{"--script-name", "/shop"}},
		{"of another host", "https://cdn.example/static/", "/static/logo.txt", 404, nil},
		{"off", "static/", "/static/logo.txt", 404, []string{"--app-static", "off"}},
		{"deployed", "static/", "/static/logo.txt", 200, []string{"--app-static", "deployed", "--preload"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := p.serve(t, []string{"SHOP_STATIC_URL=" + c.url}, c.args...)
			s.Get(t, c.path).WantStatus(t, c.status)
			if strings.HasPrefix(c.name, "below a prefix, relative") { // what Django makes of it is not disturbed
				s.Get(t, "/shop/url").Want(t, 200, "/shop/static/catalogue/shop.css")
			}
		})
	}
}

func TestDjangoStaticThatIsNotServed(t *testing.T) {
	for _, c := range []struct{ name, setting, says string }{
		{"not collected", "", "run manage.py collectstatic"},
		{"the project itself", "STATIC_ROOT = BASE_DIR", "has the settings in it"},
		{"WhiteNoise", `MIDDLEWARE = ["shop.fake_whitenoise.Middleware"]`, "WhiteNoise serves STATIC_ROOT"},
		{"a setting that raises", `STATIC_ROOT = 5`, "those of the application are not served: TypeError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newShop(t)
			p.setting(t, c.setting)
			writeFile(t, filepath.Join(p.dir, "shop", "fake_whitenoise.py"), "def Middleware(get_response):\n    return get_response\n")
			s := p.serve(t, nil)
			s.WaitText(t, "static files: ", c.says)
			s.Get(t, "/static/manage.py").WantStatus(t, 404)
			s.Get(t, "/url").Want(t, 200, "/static/catalogue/shop.css")
		})
	}
}

// As runserver finds them, without anything collected.
func TestDjangoStaticInDevelopment(t *testing.T) {
	p := newShop(t)
	s := p.serve(t, []string{"SHOP_DEBUG=1"}, "--app-static", "dev")
	runserver := p.runserver(t)
	for _, path := range []string{
		"/static/catalogue/shop.css", "/static/catalogue/shop.js", "/static/logo.txt", "/static/brand/logo.txt", "/static/missing", "/static/",
		"/static/catalogue",
	} {
		r := s.Get(t, path)
		status, kind, body := fetch(t, runserver+path)
		if r.Status != status {
			t.Errorf("%s: got %d, runserver has %d", path, r.Status, status)
		}
		if status == 200 && (r.Body != body || strings.TrimSuffix(r.Get("Content-Type"), "; charset=utf-8") != strings.TrimSuffix(kind, "; charset=utf-8") || r.Get("Cache-Control") != "no-cache") {
			t.Errorf("%s: got %v %q, runserver has %s %q", path, r.Fields, r.Body, kind, body)
		}
	}
}

// runserver starts Django's own server and returns its URL.
func (s djangoShop) runserver(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	cmd := exec.Command(s.python, "manage.py", "runserver", "--noreload", "--skip-checks", address)
	cmd.Dir, cmd.Env = s.dir, append(harness.CleanEnviron(), "SHOP_DEBUG=1", "PYTHONDONTWRITEBYTECODE=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	harness.Eventually(t, "runserver listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return "http://" + address
}

func fetch(t *testing.T, url string) (status int, kind, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(text)
}

// The mapping is that of the code that serves: also after a reload, and after one that fails.
func TestDjangoStaticFollowsTheCode(t *testing.T) {
	for _, mode := range []string{"blue-green", "rolling"} {
		t.Run(mode, func(t *testing.T) {
			p := newShop(t)
			writeFile(t, filepath.Join(p.dir, "one", "a.txt"), "one")
			writeFile(t, filepath.Join(p.dir, "two", "a.txt"), "two")
			p.setting(t, `STATIC_ROOT = BASE_DIR / "one"`)
			s := p.serve(t, nil, "--reload-mode", mode)
			s.Get(t, "/static/a.txt").Want(t, 200, "one")
			p.setting(t, `STATIC_ROOT = BASE_DIR / "two"; raise ValueError("not yet")`)
			_ = s.Signal(syscall.SIGHUP)
			s.WaitText(t, "reload failed")
			s.Get(t, "/static/a.txt").Want(t, 200, "one")
			file := filepath.Join(p.dir, "shop", "settings.py")
			text, _ := os.ReadFile(file)
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "; raise ValueError", "#")), 0o600); err != nil {
				t.Fatal(err)
			}
			_ = s.Signal(syscall.SIGHUP)
			s.WaitText(t, "the new code serves")
			s.Get(t, "/static/a.txt").Want(t, 200, "two")
		})
	}
}

const flaskWithStatic = `
from flask import Blueprint, Flask, abort, url_for
app = Flask(__name__, static_url_path="/files", static_folder="assets")
part = Blueprint("part", __name__, url_prefix="/part", static_folder="more", static_url_path="/static")
app.register_blueprint(part)
@app.before_request
def nobody():
    abort(403)
`

func TestFlaskStatic(t *testing.T) {
	python := venv(t, "flask")
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "app.py"), flaskWithStatic)
	writeFile(t, filepath.Join(dir, "assets", "a.css"), "a {}")
	writeFile(t, filepath.Join(dir, "more", "b.css"), "b {}")
	for _, c := range []struct {
		args   []string
		status int
	}{
		{nil, 403}, // Flask's own view, behind what the application asks first
		{[]string{"--app-static", "off"}, 403},
		{[]string{"--app-static", "deployed"}, 200},
		{[]string{"--app-static", "dev", "--script-name", "/at"}, 200},
	} {
		t.Run(fmt.Sprint(c.args), func(t *testing.T) {
			s := harness.Start(t, harness.Options{Dir: dir, Python: python, App: "app.py", Args: append([]string{"--workers", "1"}, c.args...)})
			prefix := ""
			if slices.Contains(c.args, "/at") {
				prefix = "/at"
			}
			for path, body := range map[string]string{"/files/a.css": "a {}", "/part/static/b.css": "b {}"} {
				r := s.Get(t, prefix+path)
				r.WantStatus(t, c.status)
				if c.status == 200 {
					r.Want(t, 200, body)
					want(t, path+" may be kept", r.Get("Cache-Control"), "no-cache")
				}
			}
			s.Get(t, prefix+"/files/app.py").WantStatus(t, 403)
		})
	}
}
