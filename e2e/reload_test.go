package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// project is an application whose file the test writes, and its server.
type project struct {
	*harness.Server
	file string
}

const versioned = `
import os, time
VERSION = %q
def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    return [VERSION.encode()]
`

func startProject(t *testing.T, args ...string) *project {
	t.Helper()
	return startProjectOf(t, fmt.Sprintf(versioned, "one"), args...)
}

// startProjectOf serves an application of this text.
func startProjectOf(t *testing.T, text string, args ...string) *project {
	t.Helper()
	dir := t.TempDir()
	p := &project{file: filepath.Join(dir, "wsgi.py")}
	p.write(t, text)
	p.Server = harness.Start(t, harness.Options{
		App: "wsgi.py", Dir: dir, Python: harness.Newest(t).Path,
		Args: append([]string{"--workers", "2"}, args...),
	})
	return p
}

func (p *project) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload sends SIGHUP and waits for the nth line in the log that has the text.
func (p *project) reload(t *testing.T, n int, text string) {
	t.Helper()
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.Wait(t, func(harness.Entry) bool { return p.Count(text) >= n })
}

const reloaded = "reload: the new code serves"

func TestReloadServesTheNewCode(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--preload"}, {"--reload-mode", "rolling"}} {
		p := startProject(t, args...)
		p.Get(t, "/").Want(t, 200, "one")
		slow := p.Dial(t).Send(harness.Request("GET", "/slow")) // begun with the old code, or not at all
		p.write(t, fmt.Sprintf(versioned, "two"))
		p.reload(t, 1, reloaded)
		for range 8 {
			p.Get(t, "/").Want(t, 200, "two")
		}
		slow.Response("GET").WantStatus(t, 200)
	}
}

// Code that does not start, in whatever way, changes nothing but the log.
func TestReloadToBrokenCode(t *testing.T) {
	t.Parallel()
	p := startProject(t, "--start-timeout", "4")
	for i, broken := range []string{
		"def application(:\n", "import no_such_module_anywhere\n", "import time; time.sleep(60)\n", "import os; os._exit(4)\n",
	} {
		p.write(t, broken)
		p.reload(t, i+1, "reload failed, the old code serves on")
		p.Get(t, "/").Want(t, 200, "one")
	}
	if len(p.Find(func(e harness.Entry) bool { return e.Has("no_such_module_anywhere") })) == 0 {
		t.Error("the log does not say which module is missing")
	}
	p.write(t, fmt.Sprintf(versioned, "mended"))
	p.reload(t, 1, reloaded)
	p.Get(t, "/").Want(t, 200, "mended")
}

// account counts what became of requests under load.
type account struct{ sent, answered, failed atomic.Int64 }

// load asks over keep-alive connections and over new ones until stop is closed.
func (a *account) load(t *testing.T, s *harness.Server, stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range 8 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}, Timeout: harness.Patience}
		wg.Go(func() {
			defer client.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				a.ask(t, client, s.URL("/"))
			}
		})
	}
	return &wg
}

func (a *account) ask(t *testing.T, client *http.Client, url string) {
	a.sent.Add(1)
	res, err := client.Get(url)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	if err != nil || res.StatusCode != 200 {
		a.failed.Add(1)
		t.Errorf("%v, %v", res, err)
		return
	}
	a.answered.Add(1)
}

// reloads is how many there are under load; HIGHBALL_TEST_RELOADS=1000 for the
// full number.
func reloads(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("HIGHBALL_TEST_RELOADS")); err == nil {
		return n
	}
	if testing.Short() {
		return 5
	}
	return 40
}

// Reload after reload under load: no request fails, nothing leaks.
func TestReloadsUnderLoad(t *testing.T) {
	p := startProject(t, "--preload")
	p.Get(t, "/").Want(t, 200, "one")
	p.reload(t, 1, reloaded)
	before := descriptors(t, p.PID)
	stop := make(chan struct{})
	var a account
	wg := a.load(t, p.Server, stop)
	began := time.Now()
	n := reloads(t)
	early := int64(0)
	for i := range n {
		if i == n/4 {
			early = resident(t, p.PID)
		}
		p.write(t, fmt.Sprintf(versioned, fmt.Sprint("version ", i)))
		p.reload(t, i+2, reloaded)
	}
	late := resident(t, p.PID)
	close(stop)
	wg.Wait()
	t.Logf("%d reloads in %s: %d requests sent, %d answered, %d failed; %d MiB resident in the front after a quarter of them, %d after all; %d descriptors before",
		n, time.Since(began).Round(time.Millisecond), a.sent.Load(), a.answered.Load(), a.failed.Load(), early>>20, late>>20, before)
	if late > early+maxGrowth {
		t.Errorf("the front's memory has grown from %d to %d bytes", early, late)
	}
	if a.sent.Load() != a.answered.Load() || a.sent.Load() == 0 {
		t.Errorf("%d requests were not answered", a.sent.Load()-a.answered.Load())
	}
	p.Get(t, "/").Want(t, 200, fmt.Sprint("version ", n-1))
	harness.Eventually(t, "descriptors are given back", func() bool { return descriptors(t, p.PID) <= before+8 })
	harness.Eventually(t, "old processes end", func() bool { return len(p.Processes()) <= 4 })
}

// descriptors counts the open files of a process.
func descriptors(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Skip("no /proc")
	}
	return len(entries)
}

// maxGrowth is what the front's memory may differ by: its collector's moods.
const maxGrowth = 24 << 20

// resident is what a process takes of the memory, in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Skip("no /proc")
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// Workers are replaced after their requests, the new one first: none fails.
func TestMaxRequestsUnderLoad(t *testing.T) {
	p := startProject(t, "--preload", "--max-requests", "50", "--max-requests-jitter", "20")
	stop := make(chan struct{})
	var a account
	wg := a.load(t, p.Server, stop)
	p.Wait(t, func(harness.Entry) bool { return p.Count("worker is replaced") >= 10 })
	close(stop)
	wg.Wait()
	t.Logf("%d requests sent, %d answered, %d failed", a.sent.Load(), a.answered.Load(), a.failed.Load())
	if a.sent.Load() != a.answered.Load() {
		t.Errorf("%d requests were not answered", a.sent.Load()-a.answered.Load())
	}
}
