package faults

import (
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// wantLog waits for a line and checks that it has the parts.
func (p *program) wantLog(text string, parts ...string) {
	p.t.Helper()
	line := p.awaitLog(text)
	for _, part := range parts {
		if !strings.Contains(line, part) {
			p.t.Errorf("the log has %q, want %q in it", line, part)
		}
	}
}

// wantSame checks that the process serves on.
func (p *program) wantSame(pid string) {
	p.t.Helper()
	if now := p.get("/pid"); now.status != 200 || now.body != pid {
		p.t.Errorf("got %d from %s, want the process %s", now.status, now.body, pid)
	}
}

// One that runs Python code is interrupted, and its worker lives.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--request-timeout", "500ms", "--threads", "1"))
	pid := p.get("/pid").body
	for _, path := range []string{"/spin", "/wait?name=slow"} {
		began := time.Now()
		p.want(p.get(path), 504, "")
		if took := time.Since(began); took < 500*time.Millisecond || took > soon {
			t.Errorf("%s was answered after %s, want 500ms", path, took)
		}
		p.wantSame(pid)
	}
	p.wantLog("request timed out", "ERROR", `line="GET /spin HTTP/1.1"`, "request=", "pid="+pid, "age=5")
	p.awaitLog("in spins_in_python")
	if p.stderr.has("<highball>") {
		t.Error("the stack has lines of ours")
	}
	p.eventually("the log says that both have ended", func() bool { return p.stderr.count("the request that timed out has ended") == 2 })
	if p.stderr.has("worker killed") || p.stderr.count("worker ready") != 1 {
		t.Error("the worker was replaced")
	}
}

// Of many that compute at once each is interrupted: the control thread gets its turns
// among them, and the lock is not taken for held. Not beside other tests: it is a second
// in which the control thread has to have its turn.
func TestRequestTimeoutOfManyAtOnce(t *testing.T) {
	const threads = 32
	p := start(t, 1, args("--request-timeout", "1s", "--threads", strconv.Itoa(threads)))
	pid := p.get("/pid").body
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() { p.want(p.get("/spin"), 504, "") })
	}
	wg.Wait()
	p.wantSame(pid)
	if p.stderr.has("the interpreter's lock is held") {
		t.Error("the lock was taken for held")
	}
}

// An application may catch the exception and answer: too late for its client.
func TestRequestTimeoutThatIsCaught(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--request-timeout", "500ms", "--threads", "1"))
	pid := p.get("/pid").body
	p.want(p.get("/catches"), 504, "")
	p.wantSame(pid)
	if caught := p.noted("caught"); !strings.HasSuffix(caught, " ran for longer than 0.5 s") || !strings.HasPrefix(caught, "2 0.5 request ") {
		t.Errorf("caught %q", caught)
	}
}

// A response that has begun is cut, since nothing else says that it is not whole.
func TestRequestTimeoutWithinAResponse(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--request-timeout", "500ms", "--threads", "1"))
	pid := p.get("/pid").body
	if a := p.get("/stalls"); a.status != 200 || a.body != "first" || a.err == nil {
		t.Errorf("got %d %q, %v: want the first block and a cut", a.status, a.body, a.err)
	}
	p.wantSame(pid)
	p.awaitLog("request timed out")
	p.awaitLog("in stalls")
}

func TestRequestTimeoutInClose(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--request-timeout", "500ms", "--threads", "1"))
	pid := p.get("/pid").body
	p.wantGet("/slow-close", 200, "answered")
	p.wantSame(pid)
	p.wantLog("the application did not end after its response", "ERROR")
	p.awaitLog("in close")
}

// One that waits in C does not see the exception. Its process is killed, but not
// before the other requests there have ended.
func TestRequestTimeoutWithoutYielding(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--request-timeout", "1s", "--threads", "2"))
	ticks := p.send("/ticks?name=other")
	pid := p.notedPID("other.begun")
	p.want(p.get("/sleep"), 504, "")
	if sleeping := p.notedPID("sleep.begun"); sleeping != pid {
		t.Fatalf("process %d has one request and %d the other", pid, sleeping)
	}
	p.awaitLog("in sleeps_in_c")
	p.wantLog("does not end: its worker is killed when its other requests have ended", "ERROR", "interrupted=true")
	p.awaitReady(2)
	p.wantGet("/", 200, "ok") // by the one that takes its place
	if !alive(pid) {
		t.Fatal("the process was killed amid another request")
	}
	p.finish("other")
	if a := <-ticks; a.err != nil || !strings.HasSuffix(a.body, ".ended") {
		t.Errorf("the other request got %d %.50q, %v", a.status, a.body, a.err)
	}
	p.eventually("the process is killed", func() bool { return !alive(pid) })
	p.awaitLog("timed out and does not end")
}

// With the interpreter's lock held nothing in the process runs. The log says where
// it is, by other means; what had not begun there is served elsewhere.
func TestRequestTimeoutWithTheLockHeld(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"re", "c"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			p := start(t, 1, args("--request-timeout", "2s", "--threads", "3"))
			begun, pid := p.begin("begun")
			p.send("/gil?how=" + how)
			p.notedPID("gil.begun")
			if later := p.get("/pid"); later.status != 200 || later.body == strconv.Itoa(pid) {
				t.Errorf("what had not begun got %d from %s, %v: want another process", later.status, later.body, later.err)
			}
			if a := <-begun; a.status != 502 && a.status != 504 {
				t.Errorf("what had begun got %d, %v: want 502 or 504", a.status, a.err)
			}
			p.eventually("the process is killed", func() bool { return !alive(pid) })
			p.wantLog("request timed out", "the interpreter's lock is held")
			p.wantLog("(most recent call first)", "ERROR")
			p.wantLog(" in gil", "ERROR", "app.py")
			p.wantLog("worker killed", "the interpreter's lock is held")
		})
	}
}

// PyPy cannot raise an exception in another thread.
func TestRequestTimeoutOnPyPy(t *testing.T) {
	t.Parallel()
	pypy, err := exec.LookPath("pypy3")
	if err != nil {
		t.Skip("no pypy3")
	}
	p := start(t, 1, args("--python", pypy, "--request-timeout", "1s", "--threads", "2"))
	p.want(p.get("/wait?name=slow"), 504, "")
	pid := p.notedPID("slow.begun")
	p.awaitLog("in until")
	p.wantLog("does not end", "interrupted=false")
	p.awaitReady(2)
	p.wantGet("/", 200, "ok")
	p.eventually("the process is killed", func() bool { return !alive(pid) })
}
