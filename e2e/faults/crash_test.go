package faults

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soon bounds what must happen "at once".
const soon = 5 * time.Second

// A worker ends in the middle of requests: those that had begun get 502, the
// other process notices nothing, and a new worker is ready soon.
func TestWorkerEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]struct{ path, log string }{
		"os._exit": {"/exit", "worker died: exit code 3"},
		"segfault": {"/segfault", "worker died: signal 11"},
		"kill -9":  {"", "worker died: signal 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, 2, args("--threads", "2"))
			first, pid := p.begin("first")
			second, other := p.begin("second")
			if pid == other {
				t.Fatalf("both requests are in process %d", pid)
			}
			if kill.path == "" {
				p.signal(pid, syscall.SIGKILL)
			} else { // the first idle slot of equally busy processes is the first one's
				p.want(p.get(kill.path), 502, "")
			}
			p.awaitLog(kill.log)
			lost, unharmed := first, second
			if kill.path != "" && alive(pid) {
				lost, unharmed, pid, other = second, first, other, pid
			}
			p.want(<-lost, 502, "")
			p.finish(map[int]string{0: "first", 1: "second"}[btoi(unharmed == second)])
			p.want(<-unharmed, 200, "waited")
			p.within(soon, "a new worker is ready", func() bool { return p.stderr.count("worker ready") >= 3 })
			if !alive(other) || alive(pid) {
				t.Errorf("the harmed process lives: %t, the other one: %t", alive(pid), alive(other))
			}
			p.awaitLog("the worker died while it served a request")
			p.wantGet("/", 200, "ok")
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A response that has begun is cut, so that no client takes it for whole.
func TestDeathWithinAResponseCutsIt(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	a := p.get("/late-exit")
	if a.status != 200 || a.body != "begun" || a.err == nil {
		t.Errorf("got %d %q, %v; want a response that is cut after its first block", a.status, a.body, a.err)
	}
}

// What was sent to a process and had not begun there is answered by another.
func TestRequestsNotBegunGoToAnother(t *testing.T) {
	t.Parallel()
	p := start(t, 2, args("--threads", "2", "--queue-size", "0"))
	running := map[int][]string{} // the names of requests, by process
	done := map[string]<-chan answer{}
	for _, name := range []string{"a", "b", "c", "d"} {
		answers, pid := p.begin(name)
		running[pid], done[name] = append(running[pid], name), answers
	}
	release := func(pid int) {
		for _, name := range running[pid] {
			p.finish(name)
			p.want(<-done[name], 200, "waited")
		}
	}
	workers := p.workers()
	stopped, other := workers[0], workers[1]
	release(stopped)
	p.freeze(stopped)

	// There are two free slots, both of the stopped process: of three requests
	// one is refused when the others are there.
	answers := make(chan answer, 3)
	for range 3 {
		go func() { // its body is too large to travel in its frame
			answers <- p.request(t.Context(), "POST", "/read", strings.NewReader(strings.Repeat("x", 300000)))
		}()
	}
	p.want(<-answers, 503, "")
	release(other)
	p.signal(stopped, syscall.SIGKILL)
	for range 2 {
		p.want(<-answers, 200, "300000")
	}
	p.awaitReady(3)
	if n := p.stderr.count("request goes to another worker"); n != 2 {
		t.Errorf("%d requests went to another worker, want 2", n)
	}
}

// With one process only: the requests wait for its replacement.
func TestRequestsNotBegunWaitForTheReplacement(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--threads", "3"))
	pid := p.workers()[0]
	p.freeze(pid)
	var sent []<-chan answer
	for range 5 { // three in the process, two in the queue
		sent = append(sent, p.send("/pid"))
	}
	p.eventually("the requests have come", func() bool { return p.connections() >= 5 })
	p.signal(pid, syscall.SIGKILL)
	for _, done := range sent {
		a := <-done
		p.want(a, 200, "")
		if a.body == fmt.Sprint(pid) {
			t.Error("the stopped process has answered")
		}
	}
	p.awaitLog("request goes to another worker")
}

func TestMemoryErrorIsAnException(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	pid := p.get("/pid").body
	p.wantGet("/memory-error", 500, "")
	p.awaitLog("MemoryError")
	p.wantGet("/pid", 200, pid)
}

// A child that the application has forked holds everything open.
func TestDeathIsNoticedThoughAChildLives(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/holding-child", "/fork-child", "/multiprocessing-child"} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			p := start(t, 1, args("--threads", "2"))
			pid := p.workers()[0]
			done := p.send(path)
			child := p.notedPID("child")
			began := time.Now()
			p.signal(pid, syscall.SIGKILL)
			p.want(<-done, 502, "")
			p.wantGet("/", 200, "ok")
			if took := time.Since(began); took > soon {
				t.Errorf("noticed after %s", took)
			}
			if path != "/multiprocessing-child" && !alive(child) {
				t.Error("the child is gone: nothing was held")
			}
			_ = syscall.Kill(child, syscall.SIGKILL)
		})
	}
}

// The child of an application that forks and returns says nothing to the front.
func TestForkThatReturnsIntoTheServer(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--threads", "2"))
	pid := p.get("/pid").body
	for range 3 {
		p.wantGet("/fork-and-return", 200, "parent 70")
		p.wantGet("/fork-and-generate", 200, "parent")
	}
	p.wantGet("/pid", 200, pid)
}

func TestChildrenOfTheApplicationTerminate(t *testing.T) {
	t.Parallel()
	for _, threads := range []string{"1", "3"} {
		p := start(t, 1, args("--threads", threads))
		p.wantGet("/terminates", 200, "[-15, -15, -15, -15]")
	}
}

// A worker that dies again and again is replaced more and more slowly; the
// other one serves.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	p := start(t, 2, args("--threads", "1"))
	survivor, pid := p.begin("hold")
	for i := range 4 {
		p.want(p.get("/exit"), 502, "")
		p.eventually("the replacement is ready", func() bool { return p.stderr.count("worker ready") >= 3+i })
	}
	if !slices.Contains(p.workers(), pid) {
		t.Error("the busy worker was harmed")
	}
	p.finish("hold")
	p.want(<-survivor, 200, "waited")
}

func TestZygoteIsReplaced(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		t.Run(preload[2:], func(t *testing.T) {
			t.Parallel()
			p := start(t, 1, args(preload))
			zygote, worker := p.zygote(), p.workers()[0]
			running, _ := p.begin("running")
			p.signal(zygote, syscall.SIGKILL)
			p.eventually("the zygote is gone", func() bool { return !alive(zygote) })
			p.wantGet("/pid", 200, fmt.Sprint(worker))
			p.finish("running")
			p.want(<-running, 200, "waited")
			p.signal(worker, syscall.SIGKILL)
			p.eventually("another worker serves", func() bool {
				a := p.get("/pid")
				return a.status == 200 && a.body != fmt.Sprint(worker)
			})
			p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
			p.wantExit(0)
		})
	}
}
