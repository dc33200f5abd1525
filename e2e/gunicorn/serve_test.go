package gunicorn

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// told is what testdata's application says.
type told struct {
	Environ   map[string]any
	Body      string
	Variables map[string]string
	Cwd       string
	Path      []string
	Main      bool
	Python    string
	PID       int
}

// ask makes a request, and each has a connection of its own.
func (s *server) ask(method, path, body string, fields ...string) told {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Host = "shop.example"
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: harness.Patience}
	var answer told
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%d %s %v", resp.StatusCode, text, err)
	}
	if err := json.Unmarshal(text, &answer); err != nil && method != http.MethodHead {
		s.t.Fatal(err)
	}
	return answer
}

// differs are the keys of environ that are another server's own affair.
var differs = map[string]bool{
	"REMOTE_PORT": true, "SERVER_PORT": true, "SERVER_SOFTWARE": true, "REQUEST_URI": true, "HTTPS": true,
}

// TestBesideGunicorn serves the same file by both, and compares what the application is given.
func TestBesideGunicorn(t *testing.T) {
	for _, conf := range []string{"netbox.py", "sentry.py", "mozilla.py", "airflow.py"} {
		t.Run(conf, func(t *testing.T) {
			t.Parallel()
			dir := project(t, conf)
			theirs := run(t, dir, nil, real(t, "tell")).listens()
			mine := run(t, dir, nil, ours("tell")).listens()
			for _, r := range []struct {
				method, path, body string
				fields             []string
			}{
				{"GET", "/", "", nil},
				{"GET", "/a%20b/%C3%A9?x=1&y=%20", "", []string{"X-Custom", "v", "Cookie", "a=b"}},
				{"POST", "/form", "a=b&c=d", []string{"Content-Type", "application/x-www-form-urlencoded"}},
				{"GET", "/https", "", []string{"X-Forwarded-Proto", "https"}},
				{"PUT", "//double//slash", "body", []string{"Content-Type", "text/plain"}},
				{"HEAD", "/", "", nil},
			} {
				a, b := mine.ask(r.method, r.path, r.body, r.fields...), theirs.ask(r.method, r.path, r.body, r.fields...)
				compare(t, r.method+" "+r.path, a, b)
			}
		})
	}
}

// A prefix, flags and a port by variables, beside the real one.
func TestVariablesBesideGunicorn(t *testing.T) {
	dir := project(t, "netbox.py")
	environ := []string{"SCRIPT_NAME=/shop", "GUNICORN_CMD_ARGS=-e SHOP_BY=variable --workers 1", "WEB_CONCURRENCY=3"}
	theirs := run(t, dir, environ, real(t, "tell")).listens()
	mine := run(t, dir, environ, ours("tell")).listens()
	for _, path := range []string{"/shop/x", "/shop/", "/shop"} {
		a, b := mine.ask("GET", path, ""), theirs.ask("GET", path, "")
		compare(t, path, a, b)
		if a.Environ["SCRIPT_NAME"] != "/shop" || a.Variables["SHOP_BY"] != "variable" {
			t.Errorf("%s: %+v", path, a)
		}
	}
}

func compare(t *testing.T, what string, ours, theirs told) {
	t.Helper()
	for key, want := range theirs.Environ {
		if got, ok := ours.Environ[key]; !differs[key] && (!ok || !reflect.DeepEqual(got, want)) {
			t.Errorf("%s: %s is %v, with gunicorn %v", what, key, got, want)
		}
	}
	for key, got := range ours.Environ {
		_, ok := theirs.Environ[key]
		if own := strings.HasPrefix(key, "highball."); !ok && !own && !differs[key] {
			t.Errorf("%s: %s is %v, gunicorn has none", what, key, got)
		}
	}
	if !reflect.DeepEqual(ours.Variables, theirs.Variables) || ours.Body != theirs.Body || ours.Cwd != theirs.Cwd || ours.Main != theirs.Main {
		t.Errorf("%s: %+v\nwith gunicorn %+v", what, ours, theirs)
	}
}

// A link of that name in a virtual environment serves by its Python.
func TestALinkInAVirtualEnvironment(t *testing.T) {
	dir := project(t, "netbox.py")
	python := harness.Newest(t).Path
	env := filepath.Join(dir, "env")
	if out, err := exec.Command(python, "-m", "venv", "--without-pip", env).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	link := filepath.Join(env, "bin", "gunicorn")
	if err := os.Symlink(harness.Binary(), link); err != nil {
		t.Fatal(err)
	}
	s := run(t, dir, nil, []string{link, "tell:application", "--workers", "1"}).listens()
	if got := s.ask("GET", "/", ""); got.Python != filepath.Join(env, "bin", "python") {
		t.Errorf("it is served by %s", got.Python)
	}
}

// INT and QUIT do not wait for requests, TERM does; all end in order.
func TestStops(t *testing.T) {
	for sig, waits := range map[syscall.Signal]bool{syscall.SIGINT: false, syscall.SIGQUIT: false, syscall.SIGTERM: true} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := run(t, project(t, ""), nil, ours("tell", "-b", "127.0.0.1:0", "--graceful-timeout", "4")).listens()
			go func() { _, _ = http.Get("http://" + s.address + "/slow") }()
			harness.Eventually(t, "a request is in progress", func() bool { return s.isBusy() })
			harness.Dial(t, "tcp", s.address).Send("GET / HT") // and one that will not come
			began := time.Now()
			s.signal(sig)
			if code := s.exit(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if took := time.Since(began); waits != (took >= 4*time.Second) || (!waits && took >= 2*time.Second) {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// isBusy says whether the one thread that there is does not answer.
func (s *server) isBusy() bool {
	client := &http.Client{Timeout: 300 * time.Millisecond}
	resp, err := client.Get("http://" + s.address + "/")
	if err == nil {
		_ = resp.Body.Close()
	}
	return err != nil
}

// failing are the hooks without which gunicorn does not start, and what they get.
var failing = map[string]string{
	"on_starting": "server", "when_ready": "server", "nworkers_changed": "server, new, old",
	"pre_fork": "server, worker", "post_fork": "server, worker", "post_worker_init": "worker",
}

// The codes are gunicorn's, which is asked where it is installed.
func TestExitCodes(t *testing.T) {
	for name, tt := range map[string]struct {
		code int
		args []string
		ours bool
	}{
		"no module":         {3, []string{"nonesuch"}, false},
		"no application":    {4, []string{"tell:nonesuch"}, false},
		"not callable":      {4, []string{"tell:nothing"}, false},
		"raises":            {3, []string{"raises:app"}, false},
		"none is named":     {1, nil, false},
		"a wrong value":     {1, []string{"tell", "--chdir", "/nonexistent"}, false},
		"checked":           {0, []string{"tell", "--check-config"}, false},
		"checked, no app":   {1, []string{"tell:nonesuch", "--check-config"}, false},
		"the file fails":    {1, []string{"tell", "-c", "fails.py"}, false},
		"on_starting":       {1, []string{"tell", "-c", "on_starting_fails.py"}, false},
		"when_ready":        {1, []string{"tell", "-c", "when_ready_fails.py"}, false},
		"nworkers_changed":  {1, []string{"tell", "-c", "nworkers_changed_fails.py"}, false},
		"pre_fork":          {255, []string{"tell", "-c", "pre_fork_fails.py"}, false},
		"post_fork":         {3, []string{"tell", "-c", "post_fork_fails.py"}, false},
		"post_worker_init":  {3, []string{"tell", "-c", "post_worker_init_fails.py"}, false},
		"an unknown flag":   {1, []string{"tell", "--nonesuch"}, true}, // argparse ends by 2
		"a flag of letters": {1, []string{"tell", "-w", "x"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := project(t, "")
			for hook, parameters := range failing {
				write(t, filepath.Join(dir, hook+"_fails.py"), "def "+hook+"("+parameters+"): raise ValueError(1)\n")
			}
			write(t, filepath.Join(dir, "fails.py"), "def post_fork(server, worker): pass\nimport nonesuch\n")
			args := append([]string{"-b", "127.0.0.1:0"}, tt.args...)
			if code := run(t, dir, nil, ours(args...)).exit(); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if tt.ours {
				return
			}
			if code := run(t, dir, nil, real(t, args...)).exit(); code != tt.code {
				t.Errorf("gunicorn's exit code is %d", code)
			}
		})
	}
}
