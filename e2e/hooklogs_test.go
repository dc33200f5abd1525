package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// A configuration file with a logger of its own, as projects have one: it leaves out
// health checks, and writes a field more.
const ownLogger = `
from gunicorn import glogging

class Logger(glogging.Logger):
    def setup(self, cfg):
        super().setup(cfg)
        self._set_handler(self.access_log, "access.log", __import__("logging").Formatter("%(message)s"))

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["shop"] = dict(req.headers).get("X-SHOP", "none")
        return atoms

    @property
    def access_log_enabled(self):
        return True

    def access(self, resp, req, environ, request_time):
        if req.path != "/health":
            atoms = self.atoms_wrapper_class(self.atoms(resp, req, environ, request_time))
            self.access_log.info("%(m)s %(U)s %(s)s %(B)s %(shop)s %({x-answer}o)s %({none}i)s", atoms)

logger_class = Logger
logconfig_dict = {
    "version": 1,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": "all.log", "formatter": "short"}},
    "formatters": {"short": {"format": "%(name)s|%(message)s"}},
    "loggers": {
        "gunicorn.error": {"handlers": ["file"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": ["file"], "level": "INFO", "propagate": False},
        "shop": {"handlers": ["file"], "level": "INFO", "propagate": False},
    },
    "root": {"handlers": ["file"], "level": "INFO"},
}

def post_fork(server, worker):
    worker.log.info("worker %s", worker.age)
`

const loggingShop = `
import logging
def application(environ, start_response):
    if environ["PATH_INFO"] == "/boom":
        raise KeyError("shop")
    logging.getLogger("shop").info("asked for %s", environ["PATH_INFO"])
    start_response("200 OK", [("X-Answer", "yes")])
    return [b"hello"]
`

func startLogging(t *testing.T, python string, args ...string) (*harness.Server, string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "gunicorn.conf.py"), ownLogger)
	writeFile(t, filepath.Join(dir, "shop.py"), loggingShop)
	return harness.Start(t, harness.Options{
		App: "shop", Dir: dir, Python: python,
		Args: append([]string{"--hooks", "gunicorn.conf.py", "--workers", "1", "--threads", "1", "--control", "off"}, args...),
	}), dir
}

// awaitLines waits until the file has these lines, and no others.
func awaitLines(t *testing.T, path string, want ...string) {
	t.Helper()
	var text []byte
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s has:\n%s", path, text)
		}
	})
	harness.Eventually(t, "the lines of "+filepath.Base(path), func() bool {
		text, _ = os.ReadFile(path)
		return string(text) == strings.Join(want, "\n")+"\n"
	})
}

// pythons are one that has gunicorn, and one that has not: then there is Highball's.
func eachGunicorn(t *testing.T, body func(t *testing.T, python string)) {
	t.Run("installed", func(t *testing.T) { t.Parallel(); body(t, venv(t, "gunicorn")) })
	t.Run("not installed", func(t *testing.T) { t.Parallel(); body(t, harness.Newest(t).Path) })
}

func TestLoggerClass(t *testing.T) {
	eachGunicorn(t, func(t *testing.T, python string) {
		s, dir := startLogging(t, python, "--logger-class", "hooks:logger_class")
		s.Get(t, "/a", "X-Shop: one").Want(t, 200, "hello")
		s.Get(t, "/health").Want(t, 200, "hello")
		s.Get(t, "/boom").WantStatus(t, 500)
		awaitLines(t, filepath.Join(dir, "access.log"), "GET /a 200 5 one yes -", "GET /boom 500 0 none - -")
		started := s.WaitText(t, "[INFO] worker 1") // on stderr, as this class has it
		if started.Text("stream") != "stderr" {
			t.Errorf("the log has %s", started.Raw)
		}
	})
}

func TestLogConfig(t *testing.T) {
	eachGunicorn(t, func(t *testing.T, python string) {
		s, dir := startLogging(t, python, "--log-config", "hooks:logconfig_dict")
		s.Get(t, "/a").Want(t, 200, "hello")
		path := filepath.Join(dir, "all.log")
		harness.Eventually(t, "the line of the request", func() bool {
			text, _ := os.ReadFile(path)
			return strings.Contains(string(text), "gunicorn.access|")
		})
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if len(lines) != 3 || lines[0] != "gunicorn.error|worker 1" || lines[1] != "shop|asked for /a" ||
			!strings.HasPrefix(lines[2], "gunicorn.access|127.0.0.1 - - [") || !strings.Contains(lines[2], `] "GET /a HTTP/1.1" 200 5 "-" "`) {
			t.Errorf("the file has %q", lines)
		}
	})
}

// What cannot be used ends the start, with a line that says why.
func TestLogsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]string{
		"--logger-class=shop.Nothing":    "the module shop has no Nothing",
		"--logger-class=hooks:Nothing":   "logger-class: the hooks have no Nothing",
		"--log-config=nothing.ini":       "log-config: there is no file nothing.ini",
		"--log-config=hooks:ownLogger":   "log-config: the hooks have no ownLogger",
		"--log-config=gunicorn.conf.py":  "log-config gunicorn.conf.py cannot be used",
		"--logger-class=hooks:post_fork": "logger-class hooks:post_fork cannot be used: TypeError",
	} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "gunicorn.conf.py"), ownLogger)
		writeFile(t, filepath.Join(dir, "shop.py"), loggingShop)
		s, err := harness.Launch(harness.Options{
			App: "shop", Dir: dir, Python: harness.Newest(t).Path, Args: []string{"--hooks", "gunicorn.conf.py", "--control", "off", flags},
		})
		if err == nil {
			_ = s.Stop()
			t.Errorf("%s: it serves", flags)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: no %q in %v", flags, want, err)
		}
	}
}
