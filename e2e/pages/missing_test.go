package pages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// counting says how often it was asked, with all that has proxies compress and keep it.
const counting = `
n = 0
def app(environ, start_response):
    global n
    n += 1
    start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "public, max-age=600"), ("ETag", '"1"')])
    return [b"%d " % n + b"a" * 5000]
`

// What a proxy in front does and Highball does not: once it does, the pages have to say so.
func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "counting.py"), []byte(counting), 0o600); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Options{App: "counting:app", Dir: dir, Args: []string{"--workers", "1", "--threads", "1"}})
	for _, begins := range []string{"1 a", "2 a"} {
		res := s.Get(t, "/", "Accept-Encoding: gzip, br, zstd")
		res.WantStatus(t, 200)
		if res.Has("Content-Encoding") {
			t.Error("the response is compressed")
		}
		if res.Body[:3] != begins {
			t.Errorf("the response is %.3q, want %q: it was kept", res.Body, begins)
		}
	}
}

// What the comparison says is refused ends the start by one line that names it.
func TestMissingIsRefused(t *testing.T) {
	t.Parallel()
	for line, names := range map[string]string{
		"uwsgi --http-socket :0 --module shop:app --spooler jobs":     "spooler: ",
		"uwsgi --http-socket :0 --module shop:app --mule=m.py":        "mule: ",
		"uwsgi --http-socket :0 --module shop:app --cron2 minute=1,x": "cron2: ",
		"uwsgi --emperor /etc/uwsgi":                                  "emperor: ",
		"uwsgi --http-socket :0 --module shop:app --gevent 100":       "gevent: ",
		"uwsgi --http :0 --module shop:app --http-websockets":         "http-websockets: ",
		"uwsgi --http-socket :0 --module shop:app --route=/x":         "route: ",
		"gunicorn -k tornado shop:app":                                "worker_class: ",
		"gunicorn --dirty-app a:B shop:app":                           "dirty_apps: ",
		"gunicorn --log-syslog shop:app":                              "syslog: ",
	} {
		out, err := exec.Command(harness.Binary(), strings.Fields(line)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), names) {
			t.Errorf("%s: %v, which should name %s\n%s", line, err, names, out)
		}
	}
}
