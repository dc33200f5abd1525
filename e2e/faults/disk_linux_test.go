package faults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// disk is a file system with little room.
type disk struct {
	t   *testing.T
	dir string
}

func newDisk(t *testing.T) disk {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return disk{t, dir}
}

func (d disk) path(name string) string { return filepath.Join(d.dir, name) }

// fill leaves no room.
func (d disk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.path("fill"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

func (d disk) free() {
	d.t.Helper()
	if err := os.Remove(d.path("fill")); err != nil {
		d.t.Fatal(err)
	}
}

// A log that cannot be written harms no request, and is told of once.
func TestAccessLogOnAFullDisk(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	p := start(t, 1, args("--access-log", d.path("access.log")))
	serve := func(path string) { p.wantGet(path, 200, "ok") }
	serve("/?first")
	d.fill()
	const told = "the access log cannot be written"
	p.eventually("the log is full", func() bool { serve("/?full"); return p.stderr.has(told) })
	p.wantLog(told, "ERROR", "no space left on device", "lines_lost=1")

	if err := os.Rename(d.path("access.log"), d.path("old.log")); err != nil {
		t.Fatal(err)
	}
	p.signal(p.cmd.Process.Pid, syscall.SIGUSR1)
	p.eventually("there is another file", func() bool { _, err := os.Stat(d.path("access.log")); return err == nil })
	for range 20 {
		serve("/?full")
	}
	if n := p.stderr.count(told); n != 1 {
		t.Errorf("told %d times", n)
	}
	d.free()
	serve("/?free")
	p.wantLog("the access log is written again", "lines_lost=")
	serve("/?last")
	var lines []string
	p.eventually("the last request is in the log", func() bool {
		text, _ := os.ReadFile(d.path("access.log"))
		lines = strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		return strings.Contains(lines[len(lines)-1], "?last")
	})
	for _, line := range lines {
		if !strings.HasPrefix(line, "127.0.0.1 ") || strings.Count(line, "GET ") != 1 {
			t.Errorf("a line that is not whole: %q", line)
		}
	}
}

// echo is an application that sends back what it reads.
const echo = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter(lambda: environ["wsgi.input"].read(65536), b"")
`

// Without room for a body there is 503, and with it all is well again.
func TestBodiesOnAFullDisk(t *testing.T) {
	t.Parallel()
	d := newDisk(t) // 256 KiB
	p := start(t, 1, args("--spool-dir", d.dir), file("app.py", echo))
	large, fits := strings.Repeat("x", 1<<20), strings.Repeat("x", 100<<10)
	upload := func(body string, known bool) answer {
		var r io.Reader = strings.NewReader(body)
		if !known {
			r = io.MultiReader(r)
		}
		return p.request(t.Context(), "POST", "/", r)
	}
	const told = "there is no room for the request's body"
	for _, known := range []bool{true, false} {
		for range 3 {
			if a := upload(large, known); a.status != 503 {
				t.Errorf("known %v: got %d %.100s", known, a.status, a.body)
			}
		}
		p.want(upload(fits, known), 200, fits)
	}
	p.wantLog(told, "ERROR", "no space left on device", "--spool-dir", d.dir)
	d.fill()
	if a := upload(fits, true); a.status != 503 {
		t.Errorf("got %d %.100s", a.status, a.body)
	}
	p.want(upload("small", true), 200, "small")
	d.free()
	p.want(upload(fits, true), 200, fits)
	if n := p.stderr.count(told); n != 1 {
		t.Errorf("told %d times", n)
	}
	d.wantEmpty(p)
}

func (d disk) wantEmpty(p *program) {
	d.t.Helper()
	p.eventually("the file is gone", func() bool {
		var stat syscall.Statfs_t
		return syscall.Statfs(d.dir, &stat) == nil && stat.Bfree == stat.Blocks
	})
}

// What a client sends before it reads is kept in a file. Without room for it the
// log says so, and others are served.
func TestEchoOnAFullDisk(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	p := start(t, 1, env("TMPDIR="+d.dir), args("--stream-request", "/"), file("app.py", echo))
	p.want(p.request(t.Context(), "POST", "/", strings.NewReader("small")), 200, "small")
	c := p.dial()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	const size = 64 << 20
	_, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size)
	sent := 0
	for sent < size && err == nil {
		var n int
		n, err = c.Write(make([]byte, 1<<20))
		sent += n
	}
	if err == nil {
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		if err == nil {
			t.Fatal("the response came whole: where was the request's body kept?")
		}
	}
	p.wantLog("the request's body could not be kept", "ERROR", "no space left on device", "--spool-dir", `"POST / HTTP/1.1"`)
	p.want(p.request(t.Context(), "POST", "/", strings.NewReader("small")), 200, "small")
	d.wantEmpty(p)
}

// Highball writes nothing to its working directory.
func TestFullWorkingDirectory(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	const app = `
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`
	if err := os.WriteFile(d.path("app.py"), []byte(app), 0o600); err != nil {
		t.Fatal(err)
	}
	d.fill()
	p := start(t, 1, args("--chdir", d.dir), env("TMPDIR="+d.dir))
	pid := atoi(p.get("/").body)
	p.signal(pid, syscall.SIGKILL)
	p.within(2*patience, "another worker serves", func() bool {
		a := p.get("/")
		return a.status == 200 && a.body != fmt.Sprint(pid)
	})
	p.signal(p.cmd.Process.Pid, syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
