package faults

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// Between the signal and the drain requests are served as ever, while status says
// that the end is near. A second signal ends the delay, and all else, at once.
func TestShutdownDelay(t *testing.T) {
	t.Parallel()
	p := start(t, 1, asked(t), args("--shutdown-delay", "600s"))
	kept := p.client()
	p.want(kept.get("/"), 200, "ok")
	p.awaitState("ready", "")
	if out, text, code := p.ctl("ready"); code != 0 || out != "ready\n" {
		t.Errorf("ctl ready: %d, %q, %q", code, out, text)
	}
	running, _ := p.begin("running")
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantLog("stopping: requests are served for a while yet", "shutdown_delay=10m0s")
	if s := p.status(); s.State != "draining" {
		t.Errorf("status says %s", s.State)
	}
	if out, text, code := p.ctl("ready"); code != 1 || out != "" || !strings.Contains(text, "not ready: the server is draining; workers: 1 ready") {
		t.Errorf("ctl ready: %d, %q, %q", code, out, text)
	}
	for range 3 {
		a := kept.get("/")
		p.want(a, 200, "ok")
		if a.header.Get("Connection") != "" {
			t.Errorf("the response says %v", a.header)
		}
		p.wantGet("/", 200, "ok")
	}
	p.hurry(p.cmd.Process.Pid)
	began := time.Now()
	if a := <-running; a.err == nil && a.status != 502 {
		t.Errorf("got %d %q", a.status, a.body)
	}
	p.wantExit(1)
	if took := time.Since(began); took > soon {
		t.Errorf("took %s", took)
	}
}

func TestShutdownDelayEnds(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--shutdown-delay", "700ms"))
	running, _ := p.begin("running")
	p.descendants()
	began := time.Now()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.eventually("nothing more is accepted", func() bool { return p.get("/").err != nil })
	if took := time.Since(began); took < 700*time.Millisecond {
		t.Errorf("it drains after %s", took)
	}
	p.finish("running")
	p.want(<-running, 200, "waited")
	p.wantExit(0)
}
