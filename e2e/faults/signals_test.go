package faults

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Signals that reach a worker or the zygote end neither.
func TestSignalsToTheProcessesEndNothing(t *testing.T) {
	t.Parallel()
	p := start(t, 2, args("--threads", "2"))
	running, _ := p.begin("running")
	workers, zygote := p.workers(), p.zygote()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		for _, pid := range append([]int{zygote}, workers...) {
			p.signal(pid, sig)
		}
		for range 4 {
			p.wantGet("/", 200, "ok")
		}
	}
	p.finish("running")
	p.want(<-running, 200, "waited")
	if now := p.workers(); fmt.Sprint(now) != fmt.Sprint(workers) || p.zygote() != zygote {
		t.Errorf("workers %v and zygote %d, were %v and %d", now, p.zygote(), workers, zygote)
	}
}

// SIGTERM to highball alone or to its group: the requests in progress finish.
func TestDrain(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(p *program){
		"TERM":              func(p *program) { p.signal(p.cmd.Process.Pid, syscall.SIGTERM) },
		"INT":               func(p *program) { p.signal(p.cmd.Process.Pid, syscall.SIGINT) },
		"TERM to the group": func(p *program) { p.signal(-p.cmd.Process.Pid, syscall.SIGTERM) },
		"INT to the group":  func(p *program) { p.signal(-p.cmd.Process.Pid, syscall.SIGINT) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, 2, args("--threads", "1"))
			free := p.fill(2)
			queued := p.send("/pid")
			p.eventually("it is queued", func() bool { return p.connections() >= 3 })
			p.descendants()
			send(p)
			p.awaitLog("stopping: requests in progress may finish")
			p.eventually("nothing more is accepted", func() bool {
				c, err := net.Dial("tcp", p.address())
				if err == nil {
					_ = c.Close()
				}
				return err != nil
			})
			free()
			p.want(<-queued, 200, "")
			p.wantExit(0)
			if p.stderr.has("worker died") || p.stderr.has("worker killed") {
				t.Error("a worker did not end by itself")
			}
		})
	}
}

func TestDrainTimeoutCuts(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--drain-timeout", "1s"))
	running, _ := p.begin("running")
	p.descendants()
	began := time.Now()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	if a := <-running; a.status != 502 && a.err == nil {
		t.Errorf("got %d %q, want an answer that says that it was cut", a.status, a.body)
	}
	p.wantExit(0)
	if took := time.Since(began); took < time.Second || took > 8*time.Second {
		t.Errorf("took %s, want the drain timeout of 1s", took)
	}
	p.awaitLog("did not finish within the drain time")
}

func TestSecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]int{"process": 1, "group": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, 2)
			running, _ := p.begin("running")
			p.descendants()
			p.signal(target*p.cmd.Process.Pid, syscall.SIGINT)
			p.awaitLog("stopping: ")
			p.hurry(target * p.cmd.Process.Pid)
			began := time.Now()
			<-running
			p.wantExit(1)
			if took := time.Since(began); took > soon {
				t.Errorf("took %s", took)
			}
		})
	}
}

// hurry sends the second signal. One that comes with the first, to the process
// and to its group, does not count, and a third ends highball by itself.
func (p *program) hurry(target int) {
	p.t.Helper()
	<-time.After(sameSignal)
	p.signal(target, syscall.SIGTERM)
	p.awaitLog("stopping at once")
}

// sameSignal is longer than what highball takes for one signal.
const sameSignal = 400 * time.Millisecond

// The second signal helps, too, when all requests are done but a worker hangs.
func TestSecondSignalKillsAWorkerThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	p.wantGet("/thread", 200, "started")
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.awaitLog("stopping: ")
	p.hurry(p.cmd.Process.Pid)
	began := time.Now()
	p.wantExit(1)
	if took := time.Since(began); took > soon {
		t.Errorf("took %s", took)
	}
}

// A thread that does not end is no reason to wait beyond the drain time.
func TestNonDaemonThreadDoesNotHoldTheStop(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--drain-timeout", "2s"))
	p.wantGet("/thread", 200, "started")
	p.descendants()
	began := time.Now()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantExit(0)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	p.awaitLog("it did not end within the drain time")
	if p.stderr.has("requests were cut") {
		t.Error("the log speaks of requests, though none was in progress")
	}
}

// Idle connections do not hold the stop.
func TestIdleConnectionsDoNotHoldTheStop(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	used := p.dial()
	fmt.Fprintf(used, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	buf := make([]byte, 15)
	if _, err := io.ReadFull(used, buf); err != nil || string(buf) != "HTTP/1.1 200 OK" {
		t.Fatalf("%q, %v", buf, err)
	}
	p.descendants()
	began := time.Now()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantExit(0)
	if took := time.Since(began); took > soon {
		t.Errorf("took %s", took)
	}
}

func TestStopDuringTheStart(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		t.Run(preload[2:], func(t *testing.T) {
			t.Parallel()
			p := launch(t, args(preload), file("app.py", "import os, time\nopen('importing', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"))
			pid := p.notedPID("importing")
			p.descendants()
			began := time.Now()
			p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
			p.wantExit(0)
			if took := time.Since(began); took > soon || alive(pid) {
				t.Errorf("took %s; the process lives: %t", took, alive(pid))
			}
		})
	}
}

// kill -9 of highball: the kernel ends the workers, whatever they do.
func TestNoOrphanIsLeft(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]setting{
		"threads":    {args("--threads", "4")},
		"one thread": {args("--threads", "1")},
		"preload":    {args("--threads", "2", "--preload")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, 3, settings...)
			p.send("/gil?how=c")
			one := p.notedPID("gil.begun")
			p.remove("gil.begun")
			p.send("/gil?how=re")
			other := p.notedPID("gil.begun")
			if one == other {
				t.Fatalf("process %d has both requests", one)
			}
			p.begin("idle")
			below := p.descendants()
			if n := len(p.known); n < 4 {
				t.Fatalf("highball has only %d processes: %v", n, below)
			}
			p.signal(p.cmd.Process.Pid, syscall.SIGKILL)
			p.nothingLeft(time.Second)
		})
	}
}

// A request that holds the interpreter's lock cannot hold the stop either.
func TestLockedInterpreterIsCutAtTheDrainTimeout(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--threads", "2", "--drain-timeout", "1s"))
	p.send("/gil?how=c")
	p.notedPID("gil.begun")
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantExit(0)
}

func (p *program) remove(name string) {
	p.t.Helper()
	if err := os.Remove(p.path(name)); err != nil {
		p.t.Fatal(err)
	}
}

// A client that speaks HTTP/2 is drained as well.
func TestDrainOfHTTP2(t *testing.T) {
	t.Parallel()
	p := start(t, 1)
	client := http2Client()
	running := make(chan answer, 1)
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address()+"/wait?name=h2", strings.NewReader(""))
		running <- do(client, req)
	}()
	p.noted("h2.begun")
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.awaitLog("stopping: ")
	p.finish("h2")
	p.want(<-running, 200, "waited")
	p.wantExit(0)
}
