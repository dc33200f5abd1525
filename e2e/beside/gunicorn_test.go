package beside

import (
	"encoding/json"
	"fmt"
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
func requests(prefix string) (all []string) {
	host := "Host: shop.example\r\n"
	close := host + "Connection: close\r\n\r\n"
	for _, request := range []string{
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
		"GET http://other.examplePREFIX/absolute?x HTTP/1.1\r\n" + close,
		"GET PREFIX/ HTTP/1.0\r\n\r\n",
		"GET PREFIX/raises HTTP/1.1\r\n" + close,
	} {
		all = append(all, strings.ReplaceAll(request, "PREFIX", prefix))
	}
	return all
}

// Clients, applications and logs see the same of both, but for what docs/MIGRATING.md names.
func TestBesideGunicorn(t *testing.T) {
	t.Parallel()
	c := &comparison{may: documented(t, "MIGRATING.md", "Seen by | gunicorn | Highball, and why")}
	t.Run("projects", func(t *testing.T) {
		for _, project := range projects() {
			t.Run(project.name, func(t *testing.T) {
				t.Parallel()
				p := project.pair(t)
				p.listen()
				asked := requests(map[bool]string{true: "/labs"}[project.name == "labs"])
				for _, request := range asked {
					line, _, _ := strings.Cut(request, "\r\n")
					t.Run(line, func(t *testing.T) { c.answers(t, request, p.theirs.ask(request), p.ours.ask(request)) })
				}
				c.logs(t, project, project.pair(t), asked)
				c.done.Add(1)
			})
		}
	})
	c.complete(t, len(projects()))
}

// timing is what two lines of one request differ in.
var timing = regexp.MustCompile(`\[\d\d/\w+/\d{4}:[^\]]*\]|<\d+>`)

// logs compares what a fresh pair logs of each request.
func (c *comparison) logs(t *testing.T, project project, p pair, asked []string) {
	t.Helper()
	p.listen()
	asked = slices.DeleteFunc(slices.Clone(asked), func(request string) bool {
		return strings.Contains(request, "/raises") // which has more lines
	})
	lines := map[string][]string{}
	for _, one := range p.both() {
		for i, request := range asked {
			one.ask(strings.Replace(request, "\r\n", "\r\nX-Short: 1\r\n", 1)) // an environ has each server's own size
			harness.Eventually(t, one.name+" logs", func() bool {
				lines[one.name] = accessLines(project.log(one))
				return len(lines[one.name]) > i
			})
		}
	}
	for i, theirs := range lines[p.theirs.name] {
		c.line(t, asked[i], theirs, lines[p.ours.name][i])
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
