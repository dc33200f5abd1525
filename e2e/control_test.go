package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// controlled is a project with a control socket of its own.
type controlled struct {
	*project
	socket string
}

func startControlled(t *testing.T, args ...string) *controlled {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "control.sock")
	return &controlled{startProject(t, append(args, "--control", socket)...), socket}
}

// ctl runs `highball ctl`, and returns what it printed and its exit code.
func (c *controlled) ctl(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return harness.Ctl(t, harness.Binary(), c.socket, args...)
}

// answer is the JSON document that a question gets.
func answer[T any](t *testing.T, c *controlled, question string) (document T) {
	t.Helper()
	out, errs, code := c.ctl(t, "--json", question)
	if err := json.Unmarshal([]byte(out), &document); err != nil || code != 0 {
		t.Fatalf("ctl %s: exit code %d, %v\n%s%s", question, code, err, out, errs)
	}
	return document
}

type statusDocument struct {
	State       string
	PID         int
	Application string
	Generation  int
	Workers     []struct{ Number, PID, Busy int }
	LastError   string `json:"last_error"`
	Bodies      struct {
		Spooled int64 `json:"spooled_total"`
	}
	Responses struct {
		Memory       int64 `json:"memory_bytes"`
		Spooled      int64 `json:"spooled_total"`
		SpooledBytes int64 `json:"spooled_bytes_total"`
		Stalls       int64 `json:"stalls_total"`
	}
	Spool struct {
		Dir   string
		Files int64
		Held  int64 `json:"held_bytes"`
		Quota int64 `json:"quota_bytes"`
	}
}

type requestDocument struct {
	Method, Path, State, Stack string
	Dump                       string // instead of the stack, where the machine is slow
	Worker, PID                int
	Age                        int `json:"age_ms"`
}

// The answers come from the front, also while every thread is stuck.
func TestControlWhileEveryThreadIsStuck(t *testing.T) {
	t.Parallel()
	c := startControlled(t, "--workers", "1", "--threads", "2", "--drain-timeout", "0.2")
	c.write(t, `
import threading
never = threading.Event()
def application(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        wait_for_ever()
    start_response("200 OK", [])
    return [b"ok"]
def wait_for_ever():
    never.wait()
`)
	c.reload(t, 1, reloaded)
	for range 3 {
		c.Dial(t).Send(harness.Request("GET", "/stuck"))
	}
	var requests []requestDocument
	harness.Eventually(t, "two requests run and one waits", func() bool {
		requests = answer[[]requestDocument](t, c, "requests")
		states := map[string]int{}
		for _, r := range requests {
			states[r.State]++
		}
		return states["running"] == 2 && states["queued"] == 1
	})
	for _, r := range requests {
		if r.State == "running" && !strings.Contains(r.Stack+r.Dump, "wait_for_ever") {
			t.Errorf("the stack of a request that is stuck:\n%s", r.Stack)
		}
	}
	status := answer[statusDocument](t, c, "status")
	if status.State != "ready" || status.PID != c.PID || status.Generation != 2 || !strings.Contains(status.Application, "wsgi.py") {
		t.Errorf("status %+v", status)
	}
	if out, _, code := c.ctl(t, "stacks"); code != 0 || strings.Count(out, "wait_for_ever") < 2 {
		t.Errorf("stacks: exit code %d\n%s", code, out)
	}
	if out, _, code := c.ctl(t, "requests"); code != 0 || !strings.Contains(out, "GET /stuck") {
		t.Errorf("requests: exit code %d\n%s", code, out)
	}
}

func TestControlManages(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	before := answer[statusDocument](t, c, "status")
	harness.Eventually(t, "both workers are ready", func() bool { // the server listens when the first is
		before = answer[statusDocument](t, c, "status")
		return len(before.Workers) == 2
	})
	for _, step := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"scale", "3"}, 0, ""},
		{[]string{"recycle", fmt.Sprint(before.Workers[0].Number)}, 0, ""},
		{[]string{"drain", fmt.Sprint(before.Workers[1].Number)}, 0, ""},
		{[]string{"recycle", "4711"}, 1, "4711"},
		{[]string{"scale", "many"}, 2, "many"},
		{[]string{"scale", "99999999"}, 1, "at most 1024"},
		{[]string{"reload"}, 0, ""},
	} {
		if _, stderr, code := c.ctl(t, step.args...); code != step.code || !strings.Contains(stderr, step.stderr) {
			t.Errorf("ctl %v: exit code %d, want %d\n%s", step.args, code, step.code, stderr)
		}
		c.Get(t, "/").Want(t, 200, "one")
	}
	harness.Eventually(t, "three workers, and none of the old ones", func() bool {
		now := answer[statusDocument](t, c, "status").Workers
		for _, w := range now {
			if w.PID == before.Workers[0].PID || w.PID == before.Workers[1].PID {
				return false
			}
		}
		return len(now) == 3
	})
	if _, stderr, code := c.ctl(t, "stop"); code != 0 {
		t.Errorf("stop: exit code %d\n%s", code, stderr)
	}
	c.WaitText(t, "stopping: highball ctl wants it")
	<-c.Ended()
	if _, err := os.Lstat(c.socket); err == nil {
		t.Error("the socket is left behind")
	}
}

func TestControlTellsWhyAReloadFailed(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	c.write(t, "import no_such_module_anywhere\n")
	_, stderr, code := c.ctl(t, "reload")
	if code != 1 || !strings.Contains(stderr, "no_such_module_anywhere") || !strings.Contains(stderr, "Traceback") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	c.Get(t, "/").Want(t, 200, "one")
}
