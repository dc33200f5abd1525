package faults

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limited runs highball with a limit of the shell's.
func limited(ulimit string) setting {
	return func(s *setup) { s.wrapper = []string{"sh", "-c", "ulimit " + ulimit + ` && exec "$0" "$@"`} }
}

const filesApp = `
import os, resource
def app(environ, start_response):
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/limit":
        return [repr(resource.getrlimit(resource.RLIMIT_NOFILE)).encode()]
    return [str(os.getpid()).encode()]
`

// client is a connection that is kept.
type client struct {
	net.Conn
	r *bufio.Reader
}

func (p *program) client() *client {
	p.t.Helper()
	c := p.dial()
	return &client{c, bufio.NewReader(c)}
}

func (c *client) ask(path string) error {
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	return err
}

func (c *client) answer() answer {
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body), response.Header, err}
}

func (c *client) get(path string) answer {
	if err := c.ask(path); err != nil {
		return answer{err: err}
	}
	return c.answer()
}

// clients connects so many times, and asks nothing.
func (p *program) clients(n int) (all []*client) {
	p.t.Helper()
	for range n {
		all = append(all, p.client())
	}
	return all
}

const noDescriptors = "too many open files: new connections wait"

// Without descriptors those who are connected are served, what needs more fails in
// words, nothing spins, and all is well when the clients have left.
func TestDescriptorsRunOut(t *testing.T) {
	t.Parallel()
	p := start(t, 1, limited("-n 100"), args("--threads", "2"), file("app.py", filesApp))
	first := p.client()
	pid := first.get("/").body
	before := openFiles(p.cmd.Process.Pid)
	waiting := p.clients(150)
	p.wantLog(noDescriptors, "ERROR", "LimitNOFILE", "limit=100")

	p.want(first.get("/"), 200, pid)
	a := first.get("/file")
	p.want(a, 503, "")
	if a.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After in %v", a.header)
	}
	p.wantLog("the file of the response could not be opened", "ERROR", "too many open files", "LimitNOFILE")
	p.want(first.get("/"), 200, pid) // the worker is not to blame

	const failed = "a worker could not be started"
	began, used := time.Now(), p.frontCPU()
	p.signal(atoi(pid), syscall.SIGKILL)
	p.eventually("some starts have failed", func() bool { return p.stderr.count(failed) >= 4 })
	p.wantLog(failed, "ERROR", "too many open files", "LimitNOFILE")
	p.want(first.get("/"), 503, "")
	if took := time.Since(began); p.frontCPU()-used > took/2+300*time.Millisecond {
		t.Errorf("highball has used %s of CPU in %s", p.frontCPU()-used, took)
	}
	if n := p.stderr.count(noDescriptors); n != 1 {
		t.Errorf("told %d times", n)
	}

	for _, c := range waiting {
		_ = c.Close()
	}
	p.within(2*patience, "a new worker serves", func() bool { return first.get("/").status == 200 })
	p.want(first.get("/file"), 200, filesApp)
	p.eventually("what was opened is closed", func() bool { return openFiles(p.cmd.Process.Pid) <= before+3 })
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	p.wantExit(0)
}

// frontCPU is what highball itself has used.
func (p *program) frontCPU() time.Duration {
	stat := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "stat")
	return cpuOf(stat, 2)
}

// A drain accepts what waits for a descriptor, as those before it end.
func TestDrainWithoutDescriptors(t *testing.T) {
	t.Parallel()
	p := start(t, 1, limited("-n 100"), args("--threads", "2"), file("app.py", filesApp))
	idle := p.clients(80)
	p.awaitLog(noDescriptors)
	asking := p.clients(60)
	for _, c := range asking {
		if err := c.ask("/"); err != nil {
			t.Fatal(err)
		}
	}
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	for i, c := range asking {
		if a := c.answer(); a.err != nil || a.status != 200 {
			t.Errorf("request %d of those that waited: %d, %v", i, a.status, a.err)
		}
		_ = c.Close()
	}
	p.wantExit(0)
	for _, c := range idle {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Error("something came to one who has asked for nothing")
		}
	}
}

// Highball may open about as many files as the hard limit says. Python gets the soft limit
// that it would have: what uses select(2) breaks with descriptors above 1023.
func TestSoftLimitOfDescriptors(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		p := start(t, 1, limited("-Sn 256 && ulimit -Hn 4000"), args(preload), file("app.py", filesApp))
		p.wantGet("/limit", 200, "(256, 4000)")
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
		if err != nil {
			t.Skip("no /proc")
		}
		for line := range strings.Lines(string(limits)) {
			if fields := strings.Fields(line); strings.HasPrefix(line, "Max open files") && atoi(fields[3]) < 3900 {
				t.Errorf("highball itself has: %s", line)
			}
		}
	}
}
