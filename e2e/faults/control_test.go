package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

// asked gives highball a control socket that the test's questions go to. Its path
// is short: a Unix socket's has to be.
func asked(t *testing.T) setting {
	t.Helper()
	dir, err := os.MkdirTemp("", "hb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return func(s *setup) {
		s.control = filepath.Join(dir, "ctl")
		s.env = append(s.env, "HIGHBALL_CONTROL="+s.control)
	}
}

// ctl runs `highball ctl`.
func (p *program) ctl(arguments ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	return harness.Ctl(p.t, binary, p.ctlSocket, arguments...)
}

// told is what status and requests say.
type told struct {
	State     string
	LastError string     `json:"last_error"`
	Retry     *time.Time `json:"retry"`
	Workers   []struct{ PID int }
}

func (p *program) status() (s told) {
	p.t.Helper()
	p.question("status", &s)
	return s
}

func (p *program) question(verb string, document any) {
	p.t.Helper()
	out, errs, code := p.ctl("--json", verb)
	if err := json.Unmarshal([]byte(out), document); err != nil || code != 0 {
		p.t.Fatalf("ctl %s: exit code %d, %v\n%s%s", verb, code, err, out, errs)
	}
}

// awaitState waits for a status of this state, whose last error has the text.
func (p *program) awaitState(state, text string) (s told) {
	p.t.Helper()
	p.eventually("status says "+state+" and "+text, func() bool {
		s = p.status()
		return s.State == state && strings.Contains(s.LastError, text)
	})
	return s
}

// A worker that holds the interpreter's lock is shown as such, with where its
// threads are, and lives.
func TestControlOfTheMute(t *testing.T) {
	t.Parallel()
	p := start(t, 2, asked(t), args("--threads", "2"))
	p.send("/gil?how=re")
	mute := p.notedPID("gil.begun")
	other, _ := p.begin("other")

	var stacks []struct {
		PID  int
		Mute bool
		Dump string
	}
	p.question("stacks", &stacks)
	for _, s := range stacks {
		if s.Mute != (s.PID == mute) || s.Mute != strings.Contains(s.Dump, "in gil") {
			t.Errorf("process %d (mute is %d): mute: %t, dump:\n%s", s.PID, mute, s.Mute, s.Dump)
		}
	}
	var requests []struct {
		Path, Stack, Dump string
		Mute              bool
	}
	p.question("requests", &requests)
	for _, r := range requests {
		if held := strings.HasPrefix(r.Path, "/gil"); r.Mute != held || held != strings.Contains(r.Dump, "in gil") || held == strings.Contains(r.Stack, "in wait") {
			t.Errorf("%s: mute: %t, stack:\n%s\ndump:\n%s", r.Path, r.Mute, r.Stack, r.Dump)
		}
	}
	if len(stacks) != 2 || len(requests) != 2 {
		t.Errorf("%d workers and %d requests, want 2 of each", len(stacks), len(requests))
	}
	text, _, _ := p.ctl("stacks")
	if !strings.Contains(text, "does not answer") || !strings.Contains(text, "in gil") {
		t.Errorf("as text:\n%s", text)
	}
	if n := p.stderr.count(" in gil"); n != 3 {
		t.Errorf("the log has %d dumps, want that of each question", n)
	}
	if !alive(mute) || p.stderr.has("worker died") {
		t.Error("the questions have ended the worker")
	}
	p.finish("other")
	p.want(<-other, 200, "waited")
}

// Where the application has taken the handler of our signal away, the signal would
// end its process: there is no dump then.
func TestControlOfTheMuteWithoutAHandler(t *testing.T) {
	t.Parallel()
	p := start(t, 1, asked(t), file("app.py", `
import ctypes, faulthandler, os, signal
def app(environ, start_response):
    faulthandler.unregister(signal.SIGRTMAX - 3)
    with open("held", "w") as file:
        file.write(str(os.getpid()))
    ctypes.PyDLL(None).sleep(600)
`))
	p.send("/")
	mute := p.notedPID("held")
	text, _, code := p.ctl("stacks")
	if code != 0 || !strings.Contains(text, "does not answer") {
		t.Errorf("exit code %d\n%s", code, text)
	}
	if !alive(mute) || p.stderr.has("worker died") {
		t.Error("the question has ended the worker")
	}
}
