package several

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// version is what an interpreter says of itself.
func version(t *testing.T, python string) string {
	t.Helper()
	out, err := exec.Command(python, "-c", "import sys; print(sys.version.split()[0])").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// another is an interpreter of another version.
func another(t *testing.T, python string) string {
	t.Helper()
	for _, p := range harness.Pythons() {
		if version(t, p.Path) != version(t, python) {
			return p.Path
		}
	}
	t.Skip("there is only one Python")
	return ""
}

const djangoSite = `
from django.conf import settings
settings.configure(SECRET_KEY="of the tests", ALLOWED_HOSTS=[".django.example"], ROOT_URLCONF=__name__)
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path, reverse
def where(request, name):
    return HttpResponse(request.build_absolute_uri(reverse("where", args=[name])))
urlpatterns = [path("where/<name>", where, name="where")]
application = get_wsgi_application()
`

// Flask below a path, Django by its host and a path, a script by an interpreter of another version.
func TestThreeFrameworks(t *testing.T) {
	t.Parallel()
	python := frameworks(t)
	other := another(t, python)
	s := start(t, map[string]string{
		"highball.toml": fmt.Sprintf(`
workers = 1
[[app]]
path = "/flask"
app = %q
[[app]]
host = ["django.example", "*.django.example"]
path = "/d"
app = "django.wsgi"
[[app]]
app = "site.wsgi"
python = %q
`, filepath.Join(harness.Apps(), "flask_site", "wsgi.py"), other),
		"django.wsgi": djangoSite,
		"site.wsgi": `
import sys
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s %r %r" % (sys.version.split()[0], environ["SCRIPT_NAME"], environ["PATH_INFO"])).encode()]
`,
	}, harness.Options{Python: python})
	var hello struct{ URL string }
	s.get(t, "x.example/flask/hello/a%20b").JSON(t, &hello)
	if hello.URL != "http://x.example/flask/hello/a%20b" {
		t.Errorf("Flask's url_for gives %q", hello.URL)
	}
	for _, host := range []string{"django.example", "WWW.Django.Example:8000"} {
		s.get(t, host+"/d/where/a%20b").Want(t, 200, "http://"+host+"/d/where/a%20b")
	}
	for place, path := range map[string]string{"x.example/flasks": "/flasks", "/": "/", "django.example.com/flask%20": "/flask "} {
		s.get(t, place).Want(t, 200, fmt.Sprintf("%s '' '%s'", version(t, other), path))
	}
	for _, a := range s.status(t).Apps {
		if want := map[bool]string{true: other, false: python}[a.Name == "/"]; a.Python != want {
			t.Errorf("%s runs by %s", a.Name, a.Python)
		}
	}
}

// The host of HTTP/2 and HTTP/3 is :authority, that of a proxy what it says if it is believed.
func TestHostsOfAllProtocols(t *testing.T) {
	t.Parallel()
	o := harness.Listening(harness.Options{Args: []string{"--trusted-proxies", "127.0.0.1"}})
	s := start(t, map[string]string{"highball.toml": twoApps, "a.wsgi": answering("a1"), "b.wsgi": answering("b1")}, o)
	for _, w := range harness.Spoken() {
		ask := func(host, path string, fields ...string) *harness.Response {
			e := harness.Ask("GET", path, fields...)
			e.Host = host
			return s.Speak(w).Do(t, e)
		}
		ask("b.example", "/x").Want(t, 200, "b1")
		ask("B.example:8443", "/a").Want(t, 200, "b1")
		ask("c.example", "/a/x").Want(t, 200, "a1")
		ask("c.example", "/x").WantStatus(t, 404)
		if w.Listener != "uwsgi" {
			ask("c.example", "/x", "X-Forwarded-Host: b.example").Want(t, 200, "b1")
		}
	}
}

// What nobody takes is in the access log, and what is somebody's has his name.
func TestAccessLogNamesTheApplication(t *testing.T) {
	t.Parallel()
	s := startTwo(t, "--access-log", "-")
	s.get(t, "x/a/1").WantStatus(t, 200)
	s.get(t, "b.example/2").WantStatus(t, 200)
	s.get(t, "x/3").WantStatus(t, 404)
	for target, name := range map[string]string{"/a/1": "a", "/2": "b", "/3": ""} {
		e := s.Wait(t, func(e harness.Entry) bool { return e.Text("target") == target })
		if e.Text("app") != name {
			t.Errorf("%s is %q's", target, e.Text("app"))
		}
	}
}

func TestMountFlag(t *testing.T) {
	t.Parallel()
	s := start(t, map[string]string{"site.wsgi": answering("site"), "shop.wsgi": answering("shop")}, harness.Options{
		App: "site.wsgi", Args: []string{"--workers", "1", "--mount", "/shop=shop.wsgi", "--mount", "s.example/=shop.wsgi"},
	})
	for place, want := range map[string]string{"x/": "site", "x/shop/1": "shop", "s.example/": "shop", "x/shops": "site"} {
		s.get(t, place).Want(t, 200, want)
	}
	var requests []json.RawMessage
	out, _, _ := s.ctl(t, "--json", "requests")
	if err := json.Unmarshal([]byte(out), &requests); err != nil || len(requests) > 0 {
		t.Errorf("%v %s", err, out)
	}
}

// Warm-up requests are for the application's own host, below its own path.
func TestWarmUpOfOne(t *testing.T) {
	t.Parallel()
	s := start(t, map[string]string{
		"highball.toml": "workers = 1\n[[app]]\nhost = [\"*.b.example\", \"b.example\"]\npath = \"/b\"\napp = \"b.wsgi\"\nwarmup = [\"/b/ready\"]\n",
		"b.wsgi": `
def application(environ, start_response):
    print("asked for", environ["HTTP_HOST"], environ["SCRIPT_NAME"], environ["PATH_INFO"])
    start_response("200 OK", [])
    return []
`,
	}, harness.Options{})
	s.WaitText(t, "asked for b.example /b /ready")
}
