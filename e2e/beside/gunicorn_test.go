package beside

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// project is a way in which people start gunicorn.
type project struct {
	name string
	args []string
	env  []string
	log  func(p *program) string // its access log
}

func projects() []project {
	stdout := func(p *program) string { return p.out.String() }
	return []project{
		{"netbox", []string{"-c", "gunicorn.py", "app:application"}, nil, func(p *program) string { return p.file("access.log") }},
		{"bedrock", nil, []string{"WEB_CONCURRENCY=2"}, stdout},
		{"airflow", []string{
			"--workers", "2", "--worker-class", "sync", "--timeout", "120", "--bind", "127.0.0.1:@PORT@", "--name", "shop-webserver",
			"--pid", "shop.pid", "--config", "python:shop_gunicorn_config", "--pythonpath", ".", "--access-logfile", "-", "--log-level", "debug",
			"--access-logformat", `%(h)s %(l)s %(u)s "%(m)s %(U)s?%(q)s %(H)s" %(s)s %(B)s %({x-asked}i)s`, "app:create_app(name='x')",
		}, nil, stdout},
		{"labs", []string{"app"}, []string{"GUNICORN_CMD_ARGS=--workers=2 --threads=2", "SCRIPT_NAME=/labs"},
			func(p *program) string { return p.file("labs.log") }},
	}
}

// pair is the two at work.
type pair struct{ theirs, ours *program }

func (p project) pair(t *testing.T) pair {
	t.Helper()
	real := gunicorn(t)
	return pair{
		start(t, "gunicorn", p.name, p.env, append([]string{real}, p.args...)...),
		start(t, "highball", p.name, p.env, append([]string{harness.Binary(), "gunicorn"}, p.args...)...),
	}
}

func (p pair) both() []*program { return []*program{p.theirs, p.ours} }

func (p pair) listen() {
	for _, one := range p.both() {
		one.listens()
	}
}

// requests are asked of both. PREFIX is the project's SCRIPT_NAME.
func requests(prefix string) []string {
	host := "Host: shop.example\r\n"
	close := host + "Connection: close\r\n\r\n"
	return []string{
		"GET PREFIX/ HTTP/1.1\r\n" + close,
		"GET PREFIX/a%20b/%c3%a9?q=%20+&x HTTP/1.1\r\nX-Asked: twice\r\nX-Asked: so\r\nCookie: a=b\r\nCookie: c=d\r\n" + close,
		"HEAD PREFIX/ HTTP/1.1\r\n" + close,
		"POST PREFIX/form HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n" + host + "Connection: close\r\n\r\na=b&c=d",
		"POST PREFIX/chunks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + host + "Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"GET PREFIX/missing HTTP/1.1\r\nReferer: http://shop.example/\r\nUser-Agent: \"quoted\"\r\n" + close,
		"GET PREFIX/moved HTTP/1.1\r\nAuthorization: Basic bWU6c2VjcmV0\r\n" + close,
		"GET PREFIX/ HTTP/1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\n" + close,
		"GET PREFIX/ HTTP/1.1\r\nX_Under_Score: 1\r\nContent_Length: 3\r\n" + close,
		"OPTIONS PREFIX/ HTTP/1.1\r\n" + close,
		"PROPFIND PREFIX//a/../b/ HTTP/1.1\r\n" + close,
		"GET http://other.example/absolute?x HTTP/1.1\r\n" + close,
		"GET PREFIX/ HTTP/1.0\r\n\r\n",
		"GET PREFIX/raises HTTP/1.1\r\n" + close,
	}
}

// answer is what the application has said.
type answer struct {
	Environ map[string]string
	Env     map[string]string
	Body    string
	PID     int
	Cwd     string
}

// differs are the keys of environ that may differ, with the reason.
var differs = map[string]string{
	"SERVER_SOFTWARE":         "each its own",
	"SERVER_PORT":             "each its own",
	"REMOTE_PORT":             "each its own",
	"gunicorn.socket":         "the client's socket is in another process",
	"highball.request_id":     "only Highball gives one",
	"highball.version":        "only Highball says it",
	"wsgi.input":              "objects",
	"wsgi.errors":             "objects",
	"wsgi.file_wrapper":       "a class here, a function there",
	"wsgi.early_hints":        "always here",
	"wsgi.multithread":        "the sync worker is one thread, and so are ours",
	"SCRIPT_FILENAME":         "",
	"SERVER_NAME":             "each by its own socket",
	"HTTP_X_FORWARDED_FOR":    "",
	"REMOTE_ADDR":             "",
	"REQUEST_URI":             "",
	"RAW_URI":                 "",
	"wsgi.input_terminated":   "",
	"highball.queue_time":     "only Highball says it",
	"HTTP_X_UNDER_SCORE":      "",
	"wsgi.url_scheme":         "",
	"wsgi.multiprocess":       "",
	"HTTP_X_FORWARDED_PROTO":  "",
	"wsgi.run_once":           "",
	"wsgi.version":            "",
	"HTTP_TRANSFER_ENCODING":  "",
	"HTTP_CONNECTION":         "",
	"HTTP_EXPECT":             "",
	"highball.client_is_gone": "",
}

func TestAnswersAndEnviron(t *testing.T) {
	t.Parallel()
	for _, project := range projects() {
		t.Run(project.name, func(t *testing.T) {
			t.Parallel()
			p := project.pair(t)
			p.listen()
			prefix := ""
			if slices.Contains(project.env, "SCRIPT_NAME=/labs") {
				prefix = "/labs"
			}
			for _, request := range requests(prefix) {
				request = strings.ReplaceAll(request, "PREFIX", prefix)
				line, _, _ := strings.Cut(request, "\r\n")
				t.Run(line, func(t *testing.T) { compareTo(t, p.theirs.ask(request), p.ours.ask(request), differs) })
			}
		})
	}
}

// compareTo holds an answer of Highball's against the other's. may has the keys of
// environ that may differ.
func compareTo(t *testing.T, theirs, ours *harness.Response, may map[string]string) {
	t.Helper()
	if theirs.Status != ours.Status {
		t.Errorf("status %d, theirs is %d", ours.Status, theirs.Status)
	}
	for _, name := range []string{"Content-Type", "X-Shop", "Location", "Connection"} {
		if name != "Content-Type" || theirs.Status < 500 { // the page of an error is each one's own
			if a, b := strings.Join(theirs.All(name), ", "), strings.Join(ours.All(name), ", "); a != b {
				t.Errorf("%s: %q, theirs is %q", name, b, a)
			}
		}
	}
	var a, b answer
	if json.Unmarshal([]byte(theirs.Body), &a) != nil || json.Unmarshal([]byte(ours.Body), &b) != nil {
		return // HEAD, or an error's page
	}
	if a.Body != b.Body {
		t.Errorf("body %q, theirs is %q", b.Body, a.Body)
	}
	if !maps.Equal(withoutPort(a.Env), withoutPort(b.Env)) {
		t.Errorf("environment %v, theirs is %v", b.Env, a.Env)
	}
	keys := maps.Clone(a.Environ)
	maps.Copy(keys, b.Environ)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if _, known := may[key]; !known && a.Environ[key] != b.Environ[key] {
			t.Errorf("environ[%q] is %s, theirs is %s", key, b.Environ[key], a.Environ[key])
		}
	}
}

func withoutPort(env map[string]string) map[string]string {
	delete(env, "SHOP_PORT")
	return env
}

// timing is what two lines of one request differ in.
var timing = regexp.MustCompile(`\[\d\d/\w+/\d{4}:[^\]]*\]|<\d+>`)

func TestAccessLogs(t *testing.T) {
	t.Parallel()
	for _, project := range projects() {
		t.Run(project.name, func(t *testing.T) {
			t.Parallel()
			p := project.pair(t)
			p.listen()
			prefix := map[bool]string{true: "/labs"}[project.name == "labs"]
			asked := requests(prefix)
			asked = asked[:len(asked)-1] // an exception has more lines
			lines := map[string][]string{}
			for _, one := range p.both() {
				for i, request := range asked {
					request = strings.Replace(request, "\r\n", "\r\nX-Short: 1\r\n", 1) // an environ has each server's own size
					one.ask(strings.ReplaceAll(request, "PREFIX", prefix))
					harness.Eventually(t, one.name+" logs", func() bool {
						lines[one.name] = accessLines(project.log(one))
						return len(lines[one.name]) > i
					})
				}
			}
			for i, theirs := range lines["gunicorn"] {
				if ours := lines["highball"][i]; ours != theirs {
					t.Errorf("line %d is\n%s\ntheirs is\n%s", i, ours, theirs)
				}
			}
		})
	}
}

// accessLines are the lines of a log that are about requests.
func accessLines(log string) (lines []string) {
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "HTTP/1.") && !strings.Contains(line, "Traceback") {
			lines = append(lines, timing.ReplaceAllString(line, "-"))
		}
	}
	return lines
}

// The effects of signals, as they show from outside.
func TestSignals(t *testing.T) {
	t.Parallel()
	p := projects()[0].pair(t)
	p.listen()
	for _, one := range p.both() {
		t.Run(one.name, func(t *testing.T) {
			one.t = t
			one.pid() // it serves, and has its handlers
			before := one.servers(2)
			one.signal(syscall.SIGHUP)
			harness.Eventually(t, "other workers serve", func() bool { return !slices.Contains(before, one.pid()) })
			one.signal(syscall.SIGTTIN)
			one.servers(3)
			one.signal(syscall.SIGTTOU)
			if err := os.Rename(filepath.Join(one.dir, "access.log"), filepath.Join(one.dir, "old.log")); err != nil {
				t.Fatal(err)
			}
			one.signal(syscall.SIGUSR1)
			harness.Eventually(t, "the log is opened again", func() bool { one.pid(); return strings.Contains(one.file("access.log"), "GET") })
			if got, want := strings.TrimSpace(one.file("gunicorn.pid")), fmt.Sprint(one.cmd.Process.Pid); got != want {
				t.Errorf("the PID file says %q, want %s", got, want)
			}
			one.signal(syscall.SIGTERM)
			if code := one.exit(); code != 0 {
				t.Errorf("exit code %d after SIGTERM", code)
			}
			if got := one.file("gunicorn.pid"); got != "" {
				t.Errorf("the PID file is left: %q", got)
			}
		})
	}
}

// pid is that of the worker that answers a request.
func (p *program) pid() int {
	var a answer
	response := p.ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if err := json.Unmarshal([]byte(response.Body), &a); err != nil {
		p.t.Fatalf("%s answered %d %q", p.name, response.Status, response.Body)
	}
	return a.PID
}

// servers waits until so many workers are there, and returns their pids.
func (p *program) servers(want int) (pids []int) {
	p.t.Helper()
	harness.Eventually(p.t, fmt.Sprintf("%s has %d workers", p.name, want), func() bool {
		pids = workersOf(p.cmd.Process.Pid)
		return len(pids) == want
	})
	return pids
}

// workersOf are the processes that have no children: the leaves below a program.
func workersOf(pid int) (leaves []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks[min(1, len(tasks)):] {
		more, _ := os.ReadFile(task)
		text = append(append(text, ' '), more...)
	}
	seen := map[string]bool{}
	for _, field := range strings.Fields(string(text)) {
		if seen[field] {
			continue
		}
		seen[field] = true
		var child int
		if _, err := fmt.Sscan(field, &child); err != nil {
			continue
		}
		if below := workersOf(child); len(below) > 0 {
			leaves = append(leaves, below...)
		} else {
			leaves = append(leaves, child)
		}
	}
	return leaves
}

// What ends a start, and with which exit code.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	real := gunicorn(t)
	for name, test := range map[string]struct {
		code int
		app  string
		args []string
	}{
		"no module":        {3, "", []string{"nothing_there:app"}},
		"no attribute":     {4, "", []string{"app:nothing_there"}},
		"raises":           {3, "raise RuntimeError('no')\n", []string{"broken:app"}},
		"preloaded":        {1, "raise RuntimeError('no')\n", []string{"--preload", "broken:app"}},
		"preloads none":    {1, "", []string{"--preload", "nothing_there:app"}},
		"preloads no attr": {1, "", []string{"--preload", "app:nothing_there"}},
		"wrong value":      {1, "", []string{"--workers", "-3", "app:app"}},
		"check config":     {0, "", []string{"--check-config", "app:app"}},
		"no file":          {1, "", []string{"-c", "missing.py", "app:app"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, line := range [][]string{{real}, {harness.Binary(), "gunicorn"}} {
				args := append([]string{"sh", "-c", `printf "$0" > broken.py; exec "$@"`, test.app}, line...)
				args = append(append(args, "--bind", "127.0.0.1:@PORT@"), test.args...)
				p := start(t, line[0], "airflow", nil, args...)
				if code := p.exit(); code != test.code {
					t.Errorf("%s: exit code %d, want %d\n%s", line[0], code, test.code, p.out)
				}
			}
		})
	}
}
