package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// poisoned is an application with one path that ends its process.
const poisoned = `
import os
def app(environ, start_response):
    if environ["PATH_INFO"] == "/poison":
        with open("poisoned", "a") as file:
            file.write("x")
        os.write(2, b"these are my last words\n")
        os._exit(9)
    start_response("200 OK", [])
    return [b"ok"]
`

// A request that kills whoever serves it is answered 502 each time and never sent
// on. Between the deaths the others are served; the deaths are told of, and slow
// down; and when nobody sends it any more, all is well again.
func TestPoison(t *testing.T) {
	t.Parallel()
	p := start(t, 1, asked(t), args("--threads", "1"), file("app.py", poisoned))
	began := time.Now()
	const deaths = 6 // after them delays of 0, 100, 200, 400 and 800 ms, and 1 s
	p.want(p.get("/poison"), 502, "")
	for range deaths - 1 {
		p.wantGet("/", 200, "ok") // it waits for the next worker
		p.want(p.get("/poison"), 502, "")
	}
	if took := time.Since(began); took < 1500*time.Millisecond {
		t.Errorf("%d deaths within %s: the starts are not delayed", deaths, took)
	}
	s := p.awaitState("failing", "exit code 9")
	if !strings.Contains(s.LastError, "these are my last words") || s.Retry == nil || !strings.Contains(s.LastError, "after its start") {
		t.Errorf("retry at %v, last error:\n%s", s.Retry, s.LastError)
	}
	if text, _, _ := p.ctl("status"); !strings.Contains(text, "next start") || !strings.Contains(text, "    a worker died ") {
		t.Errorf("as text:\n%s", text)
	}
	p.eventually("another worker serves", func() bool { return p.get("/").status == 200 })
	if s := p.status(); s.State == "failing" && s.Retry != nil {
		t.Errorf("a start is announced for %s, though all workers run", s.Retry)
	}
	if calls := p.noted("poisoned"); len(calls) != deaths {
		t.Errorf("%d requests came to the application %d times", deaths, len(calls))
	}
	if n := p.stderr.count("worker died: exit code 9"); n != deaths {
		t.Errorf("the log tells of %d deaths, want %d", n, deaths)
	}
	s = p.awaitState("ready", "")
	if s.LastError != "" {
		t.Errorf("the last error is still %q", s.LastError)
	}
}

// broken is code that ends the process that imports it, or itself, and what is
// said of it.
var broken = map[string]struct{ source, says string }{
	"abort":    {"import os\nos.abort()\n", "abort"},
	"exit":     {"import os\nos._exit(1)\n", "1"},
	"raise":    {"raise RuntimeError('broken on purpose')\n", "RuntimeError: broken on purpose"},
	"segfault": {"import ctypes\nctypes.string_at(0)\n", "segmentation fault"},
}

func eachBroken(t *testing.T, body func(t *testing.T, preload, source, says string)) {
	for name, code := range broken {
		for _, preload := range []string{"--preload", "--no-preload"} {
			t.Run(name+preload[1:], func(t *testing.T) {
				t.Parallel()
				body(t, preload, code.source, code.says)
			})
		}
	}
}

// Code that broke after a good start: the starts slow down, status says why they
// fail, requests are refused, and mended code is served without anybody's help.
func TestCodeThatBreaksLater(t *testing.T) {
	t.Parallel()
	eachBroken(t, func(t *testing.T, preload, source, says string) {
		const workers = 4
		p := start(t, workers, asked(t), args(preload))
		p.write("app.py", source)
		pids := append([]int{p.zygote()}, p.workers()...) // a zygote with the good code would fork on
		began := time.Now()
		for _, pid := range pids {
			p.signal(pid, syscall.SIGKILL)
		}
		// 4 seats, each with delays of 100, 200 and 400 ms between its failures.
		const failed, failures = "a worker could not be started", 4 * workers
		p.within(4*patience, "many starts have failed", func() bool { return p.stderr.count(failed) >= failures })
		if took := time.Since(began); took < 650*time.Millisecond {
			t.Errorf("%d starts in %s", failures, took)
		}
		s := p.awaitState("failing", says)
		if s.Retry == nil || len(s.Workers) > 0 {
			t.Errorf("next start at %v, workers %v", s.Retry, s.Workers)
		}
		a := p.get("/")
		p.want(a, 503, "")
		if a.header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After in %v", a.header)
		}
		took, starts := time.Since(began), p.stderr.count(failed)+workers
		if used := p.cpu(); used > took/4+time.Duration(starts)*500*time.Millisecond {
			t.Errorf("%d starts in %s took %s of CPU", starts, took, used)
		}

		good, _ := os.ReadFile("testdata/app.py")
		p.write("app.py", string(good))
		p.within(2*patience, "the mended code is served", func() bool { return p.get("/").status == 200 })
		p.awaitState("ready", "")
		p.descendants()
		p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
		p.wantExit(0)
	})
}

// cpu is what highball and all below it have used, those that have ended as well.
func (p *program) cpu() (used time.Duration) {
	below := p.descendants()
	for pid := range below {
		used += cpuOf(filepath.Join("/proc", strconv.Itoa(pid), "stat"), 4)
	}
	return used
}

// cpuOf reads so many of a process's user and system time and of that of the children
// that it has waited for.
func cpuOf(stat string, kinds int) (used time.Duration) {
	text, _ := os.ReadFile(stat)
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0
	}
	for _, field := range fields[11 : 11+kinds] {
		ticks, _ := strconv.Atoi(field)
		used += time.Duration(ticks) * time.Second / 100 // USER_HZ
	}
	return used
}

// The same code at the first start: one clear error, and nothing is left.
func TestCodeThatEndsItsProcessAtTheStart(t *testing.T) {
	t.Parallel()
	eachBroken(t, func(t *testing.T, preload, source, says string) {
		p := launch(t, args("--workers", "4", preload), file("app.py", source))
		code := map[bool]int{true: 3, false: 1}[strings.HasPrefix(says, "RuntimeError")]
		p.fails(code, 0, says, "the application")
		if n := p.stderr.count("highball: error:"); n != 1 {
			t.Errorf("the failure is told of %d times", n)
		}
	})
}

// A reload to code that starts, and dies at the first request, succeeds; status
// says what happens then, and code that is mended is served again: without preload
// by itself.
func TestReloadToPoison(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		t.Run(preload[2:], func(t *testing.T) {
			t.Parallel()
			p := start(t, 2, asked(t), args(preload, "--threads", "1"))
			p.write("app.py", poisoned)
			if _, stderr, code := p.ctl("reload"); code != 0 {
				t.Fatalf("reload: exit code %d\n%s", code, stderr)
			}
			for range 6 {
				p.want(p.get("/poison"), 502, "")
			}
			p.awaitState("failing", "exit code 9")
			p.write("app.py", strings.Replace(poisoned, `"/poison"`, `"never"`, 1))
			p.eventually("the mended code is served", func() bool { return p.get("/poison").status == 200 })
			p.wantGet("/", 200, "ok")
		})
	}
}

// The command that asks for a reload to code that does not start is told why.
func TestReloadTellsWhy(t *testing.T) {
	t.Parallel()
	p := start(t, 2, asked(t), args("--start-timeout", "6s"))
	pid := p.get("/pid").body
	for i, code := range []struct{ source, says string }{
		{"def f():\n    1/0\nf()\n", "line 2, in f"},
		{"import no_such_module\n", "No module named 'no_such_module'"},
		{"import os\nos.write(2, b'my last words\\n')\nos._exit(7)\n", "my last words"},
		{"import os\nos._exit(7)\n", "exit code 7"},
		{"import os\nos.abort()\n", "signal 6"},
		{"import time\ntime.sleep(600)\n", "was not loaded within 6s: raise --start-timeout"},
	} {
		p.write("app.py", code.source)
		stdout, stderr, exit := p.ctl("reload")
		if exit != 1 || stdout != "" || !strings.Contains(stderr, code.says) {
			t.Errorf("%s\nexit code %d, %q, %s", code.source, exit, stdout, stderr)
		}
		if a := p.get("/pid"); a.status != 200 {
			t.Errorf("%s\nafter it: %d", code.source, a.status)
		}
		if n := p.stderr.count("reload failed, the old code serves on"); n != i+1 {
			t.Errorf("the log tells of %d failures, want %d", n, i+1)
		}
	}
	if s := p.status(); s.State != "ready" || !alive(atoi(pid)) {
		t.Errorf("status %+v", s)
	}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("%q is no number", s))
	}
	return n
}
