package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// contained runs highball as process 1 of a process namespace.
func contained(t *testing.T) setting {
	t.Helper()
	wrapper := []string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"}
	if out, err := exec.Command(wrapper[0], append(wrapper[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no process namespaces: %v: %s", err, out)
	}
	return func(s *setup) { s.wrapper = wrapper }
}

// daemonic leaves processes behind, as daemons do.
const daemonic = `
import os, time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/init":
        answer = "%d %s" % (os.getppid(), open("/proc/1/cmdline").read().split("\0")[1])
    else:
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                while environ["PATH_INFO"] == "/daemon" and not os.path.exists("go"):
                    time.sleep(0.005)
            os._exit(0)
        answer = str(os.waitpid(child, 0)[1])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
`

// contained is highball's own process, below unshare's.
func (p *program) contained() int {
	p.t.Helper()
	children := p.descendants()[p.cmd.Process.Pid]
	if len(children) != 1 {
		p.t.Fatalf("unshare has the children %v", children)
	}
	return children[0]
}

// children are a process's, those that have ended as well.
func children(parent int) (living, zombies int) {
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, entry := range entries {
		switch of, state := parentAndState(entry); {
		case of != parent:
		case state == "Z":
			zombies++
		default:
			living++
		}
	}
	return living, zombies
}

// As process 1 it inherits what the application leaves behind, and waits for it;
// and it obeys signals, for which process 1 has no defaults.
func TestProcessOne(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, 2, contained(t), asked(t), file("app.py", daemonic))
		front := p.contained()
		a := p.get("/init")
		if a.status != 200 || !strings.HasSuffix(a.body, " run") {
			t.Fatalf("process 1 is not highball: %d %q", a.status, a.body)
		}
		const daemons = 3
		for range daemons {
			p.wantGet("/daemon", 200, "0")
		}
		p.eventually("the daemons are highball's children", func() bool {
			living, _ := children(front)
			return living == 1+daemons // and the zygote
		})
		var load sync.WaitGroup
		for range 4 {
			load.Go(func() {
				for range 25 {
					p.wantGet("/short", 200, "0")
				}
			})
		}
		load.Wait()
		p.write("go", "")
		p.eventually("nobody waits to be waited for", func() bool {
			living, zombies := children(front)
			return living == 1 && zombies == 0
		})
		if killed := p.workersOf(front); len(killed) != 2 {
			t.Errorf("the workers are %v", killed)
		}
		p.signal(front, sig)
		p.awaitLog("stopping: requests in progress may finish")
		p.wantExit(0)
	}
}

// The front of a container notices when its only child, the zygote, is killed, and
// the workers that it inherits.
func TestProcessOneInheritsTheWorkers(t *testing.T) {
	t.Parallel()
	p := start(t, 2, contained(t), asked(t), file("app.py", daemonic))
	front := p.contained()
	zygote := p.descendants()[front][0]
	workers := p.workersOf(front)
	p.signal(zygote, syscall.SIGKILL)
	p.eventually("the workers are highball's children", func() bool { living, zombies := children(front); return living == 2 && zombies == 0 })
	p.wantGet("/short", 200, "0")
	p.signal(workers[0], syscall.SIGKILL)
	p.awaitLog("worker died")
	p.awaitReady(3)
	p.eventually("nobody waits to be waited for", func() bool { _, zombies := children(front); return zombies == 0 })
	p.wantGet("/short", 200, "0")
	p.signal(front, syscall.SIGTERM)
	p.wantExit(0)
}

// workersOf are the processes below the zygote.
func (p *program) workersOf(front int) []int {
	below := p.descendants()
	for _, zygote := range below[front] {
		if name, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(zygote), "cmdline")); strings.Contains(string(name), "zygote") {
			return below[zygote]
		}
	}
	return nil
}
