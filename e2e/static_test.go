package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

// The files that the tests serve, over each protocol.
func staticServer(t *testing.T, args ...string) (s *harness.Server, dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"a.css": "a {}", "digits.txt": digits, "a.js": "plain", "a.js.gz": "zipped", ".env": "secret", "site/index.html": "<h1>index</h1>",
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	o := harness.Options{
		App: "hello/wsgi.py", Python: harness.Newest(t).Path,
		Args: append([]string{"--workers", "1", "--static", "/static=" + dir, "--access-log", "-"}, args...),
	}
	return harness.Start(t, harness.Listening(o)), dir
}

func TestStaticFilesOverEachProtocol(t *testing.T) {
	t.Parallel()
	s, dir := staticServer(t, "--static-index", "index.html", "--static-max-age", "60")
	for _, w := range harness.Spoken() {
		c := s.Speak(w)
		t.Run(w.Name, func(t *testing.T) {
			r := c.Get(t, "/static/a.css")
			r.Want(t, 200, "a {}")
			want(t, "type", r.Get("Content-Type"), "text/css; charset=utf-8")
			want(t, "how long it may be kept", r.Get("Cache-Control"), "public, max-age=60")
			c.Get(t, "/static/digits.txt").Want(t, 200, digits)
			c.Get(t, "/static/%61.css").Want(t, 200, "a {}")
			c.Get(t, "/static/a.css", "If-None-Match: "+r.Get("ETag")).Want(t, 304, "")
			c.Get(t, "/static/digits.txt", "Range: bytes=15-19").Want(t, 206, "56789")
			c.Get(t, "/static/a.js", "Accept-Encoding: gzip").Want(t, 200, "zipped")
			c.Get(t, "/static/site/").Want(t, 200, "<h1>index</h1>")
			c.Do(t, harness.Ask("HEAD", "/static/digits.txt")).Want(t, 200, "")
			c.Do(t, harness.Ask("POST", "/static/a.css").With("x=1")).WantStatus(t, 405)
			for _, path := range []string{"/", "/static", "/static/missing", "/static/.env", "/static/../hello", "/static/%2e%2e/" + filepath.Base(dir) + "/a.css", "/static/%00"} {
				c.Get(t, path).Want(t, 200, "hello")
			}
			c.Do(t, harness.Ask("POST", "/static/missing").With("x=1")).Want(t, 200, "hello")
		})
	}
	harness.Eventually(t, "the access log has a line of each protocol's part", func() bool {
		return len(s.Find(func(e harness.Entry) bool {
			return e.Text("target") == "/static/digits.txt" && e.Text("status") == "206" && e.Text("bytes") == "5"
		})) == len(harness.Spoken())
	})
}

func TestStaticFileThatBecomesShorter(t *testing.T) {
	t.Parallel()
	s, dir := staticServer(t)
	for _, name := range []string{"h1", "h2"} {
		if name != "h1" && harness.OtherEngine() {
			continue // has no TLS here
		}
		c := s.Speak(wire(t, name))
		path := filepath.Join(dir, "large."+name)
		const size = 64 << 20
		if err := os.Truncate(must(os.Create(path)).Name(), size); err != nil {
			t.Fatal(err)
		}
		call := c.Start(t, harness.Ask("GET", "/static/large."+name))
		want(t, "status", call.Head().Status, 200)
		call.Some()
		if err := os.Truncate(path, 1000); err != nil {
			t.Fatal(err)
		}
		if r := call.Outcome(); r.Complete || len(r.Body) >= size {
			t.Errorf("%s: got %d bytes, complete: %t", name, len(r.Body), r.Complete)
		}
		c.Get(t, "/static/a.css").Want(t, 200, "a {}")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The bytes of a file go from the disk's cache to the socket, through no buffer.
func TestStaticFilesAreSentByTheKernel(t *testing.T) {
	t.Parallel()
	if exec.Command("strace", "-o", os.DevNull, "true").Run() != nil {
		t.Skip("strace is not installed, or may not trace")
	}
	s, _ := staticServer(t)
	trace := exec.Command("strace", "-f", "-e", "trace=sendfile,splice,openat", "-p", strconv.Itoa(s.PID))
	var out bytes.Buffer
	trace.Stderr = &out
	if err := trace.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = trace.Process.Kill() }()
	harness.Eventually(t, "strace is attached", func() bool {
		return strings.Contains(traced(s.PID), "TracerPid:\t"+strconv.Itoa(trace.Process.Pid))
	})
	s.Get(t, "/static/digits.txt").Want(t, 200, digits)
	_ = trace.Process.Signal(os.Interrupt)
	_ = trace.Wait()
	if !strings.Contains(out.String(), "sendfile(") || !strings.Contains(out.String(), "digits.txt") {
		t.Errorf("the calls were:\n%s", out.String())
	}
}

// traced is what the system says of a process.
func traced(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return string(text)
}

func TestStaticThatCannotBeServedEndsTheStart(t *testing.T) {
	t.Parallel()
	for flag, says := range map[string]string{
		"--static=static":         "write /URL=DIRECTORY",
		"--static=/s=no/such/dir": "no such file or directory",
		"--static=/s=.":           "holds the application itself",
		"--static-index=../x":     "is not the name of a file",
		"--static-max-age=500ms":  "write whole seconds",
		"--app-static=sometimes":  "off, deployed, dev",
	} {
		began := time.Now()
		s, err := harness.Launch(harness.Options{App: "hello/wsgi.py", Python: harness.Newest(t).Path, Args: []string{flag}})
		if err == nil {
			_ = s.Stop()
			t.Errorf("%s: it started", flag)
			continue
		}
		if s.Count(says) != 1 && !strings.Contains(s.Tail(10), says) {
			t.Errorf("%s after %s: it says %s", flag, time.Since(began), s.Tail(10))
		}
		_ = s.Leave()
	}
}
