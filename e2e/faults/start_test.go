package faults

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fails checks that a start ends with the code, one line for each text, and
// nothing left running.
func (p *program) fails(code int, lines int, texts ...string) {
	p.t.Helper()
	p.eventually("the start fails", func() bool {
		p.descendants()
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	p.wantExit(code)
	var errorLines []string
	for line := range strings.Lines(p.stderr.String()) {
		if !strings.Contains(line, " DEBUG ") && !strings.Contains(line, " INFO ") {
			errorLines = append(errorLines, line)
		}
	}
	said := strings.Join(errorLines, "")
	if lines > 0 && len(errorLines) != lines {
		p.t.Errorf("%d lines, want %d:\n%s", len(errorLines), lines, said)
	}
	for _, text := range texts {
		if !strings.Contains(said, text) {
			p.t.Errorf("got:\n%s\nwant %q in it", said, text)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := launch(t, args("--bind", l.Addr().String()))
	p.fails(1, 1, "highball: error: "+l.Addr().String()+": address already in use: is another server running?", "--bind")
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	p := launch(t, args("--bind", "unix:app.sock", "--workers", "1"))
	p.awaitLog("listening on unix:app.sock")
	p.want(p.getUnix("app.sock", "/"), 200, "ok")

	// Taken: the second server says so and does not harm the first.
	taken := launch(t, args("--bind", "unix:"+p.path("app.sock")))
	taken.fails(1, 1, "address already in use")
	p.want(p.getUnix("app.sock", "/"), 200, "ok")

	// Stale: the next server takes the place of one that was killed.
	p.descendants()
	p.signal(p.cmd.Process.Pid, syscall.SIGKILL)
	p.nothingLeft(patience)
	if !p.has("app.sock") {
		t.Fatal("the socket file is gone: there is nothing to take over")
	}
	next := launch(t, args("--bind", "unix:"+p.path("app.sock"), "--workers", "1"))
	next.awaitLog("listening on unix:")
	next.want(p.getUnix("app.sock", "/"), 200, "ok")
	next.descendants()
	next.signal(next.cmd.Process.Pid, syscall.SIGTERM)
	next.wantExit(0)
	if p.has("app.sock") {
		t.Error("the socket file is left")
	}
}

// getUnix sends GET path over a Unix socket in the program's directory.
func (p *program) getUnix(name, path string) answer {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", p.path(name))
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: patience}
	req, err := http.NewRequest(http.MethodGet, "http://unix"+path, nil)
	if err != nil {
		return answer{err: err}
	}
	return do(&client, req)
}

func TestNoPermission(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root, to become nobody")
	}
	if limit, _ := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); strings.TrimSpace(string(limit)) == "0" {
		t.Skip("everybody may use all ports here")
	}
	if err := os.Chmod(filepath.Dir(binary), 0o755); err != nil {
		t.Skip(err)
	}
	// It fails before it looks at its working directory or starts Python.
	p := launch(t, bare, args("app:app", "--chdir", "/", "--python", "/bin/sh", "--bind", "127.0.0.1:81"), env("TMPDIR=/tmp"), func(s *setup) {
		s.user = &syscall.Credential{Uid: 65534, Gid: 65534}
	})
	p.fails(1, 1, "127.0.0.1:81: permission denied: ports below 1024 need root")
}

func TestInterpreterMissing(t *testing.T) {
	t.Parallel()
	// The second line says where the flags are explained.
	p := launch(t, args("--python", "/nonexistent/python3"))
	p.fails(2, 2, "/nonexistent/python3: no such file")
	p = launch(t, args("--python", "no-such-python"))
	p.fails(2, 2, "no-such-python: no such program")
	p = launch(t, bare, args("app:app"), env("PATH=/nonexistent"))
	p.fails(2, 2, "no Python found", "--python")
}

func TestInterpreterTooOld(t *testing.T) {
	t.Parallel()
	home, _ := os.UserHomeDir()
	found := false
	for _, version := range []string{"2.7", "3.6", "3.8"} {
		paths, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", version+".*", "bin/python"+version))
		for _, path := range paths {
			found = true
			p := launch(t, args("--python", path))
			p.fails(1, 1, "python "+version+" at "+path+" is too old: Highball needs 3.9 or newer")
		}
	}
	if !found {
		t.Skip("no Python before 3.9 on this machine")
	}
}

func TestApplicationThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	ok := "def application(environ, start_response): pass\n"
	for name, tt := range map[string]struct {
		app, source string
		texts       []string
	}{
		"raises":            {"app:app", "def f():\n    1/0\nf()\n", []string{"Traceback (most recent call last)", `app.py", line 2, in f`, "ZeroDivisionError"}},
		"missing import":    {"app:app", "import no_such_module\n", []string{"Traceback", "No module named 'no_such_module'"}},
		"syntax error":      {"app:app", "def app(:\n", []string{`app.py", line 1`, "SyntaxError"}},
		"no such module":    {"ap:app", ok, []string{"tried:", "did you mean app"}},
		"no such attribute": {"app:aplication", ok, []string{"tried:", "did you mean", "app:application"}},
		"not callable":      {"app:app", "app = 1\n", []string{"app:app"}},
		"exits":             {"app:app", "import sys\nsys.exit(0)\n", []string{"sys.exit(0)", "app.py:2"}},
	} {
		for _, preload := range []string{"--preload", "--no-preload"} {
			t.Run(name+preload[1:], func(t *testing.T) {
				t.Parallel()
				p := launch(t, bare, file("app.py", tt.source), args(tt.app, preload, "--bind", "127.0.0.1:0", "--workers", "3"))
				p.fails(3, 0, tt.texts...)
				if p.stderr.has("highball_worker") || p.stderr.has("<highball>") {
					t.Errorf("the traceback shows our own lines:\n%s", p.stderr)
				}
				if n := p.stderr.count("SyntaxError") + p.stderr.count("ZeroDivisionError"); n > 1 {
					t.Errorf("the failure is told of %d times", n)
				}
			})
		}
	}
}

// What the application prints before it fails is not lost.
func TestLastWordsOfAnApplicationThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		p := launch(t, args(preload), file("app.py", "print('last words')\n1/0\n"))
		p.fails(3, 0, "ZeroDivisionError")
		if !p.stderr.has("last words") {
			t.Errorf("%s: what was printed is lost:\n%s", preload, p.stderr)
		}
	}
}

func TestStartTimeout(t *testing.T) {
	t.Parallel()
	for _, preload := range []string{"--preload", "--no-preload"} {
		t.Run(preload[2:], func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			p := launch(t, args(preload, "--start-timeout", "4s"), file("app.py", "import time\ntime.sleep(600)\n"))
			p.fails(1, 3, "the application was not loaded within 4s: raise --start-timeout", `app.py", line 2 in <module>`)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestStartUpLines(t *testing.T) {
	t.Parallel()
	p := launch(t, args("--bind", "unix:app.sock", "--workers", "3", "--threads", "2"))
	interpreter, _ := python()
	p.awaitLog("listening on unix:app.sock")
	for _, parts := range [][]string{
		{"INFO", "python", "CPython 3.", "path=" + interpreter, "from=--python"},
		{"INFO", "application", "target=app:app", "<function app at 0x"},
		{"INFO", "workers=3", "threads=2", "preload=false"},
		{"INFO", "listening on http://127.0.0.1:"},
		{"INFO", "listening on unix:app.sock"},
	} {
		found := false
		for line := range strings.Lines(p.stderr.String()) {
			all := true
			for _, part := range parts {
				all = all && strings.Contains(line, part)
			}
			found = found || all
		}
		if !found {
			t.Errorf("no line with %q", parts)
		}
	}
	p.wantGet("/", 200, "ok")
	p.want(p.getUnix("app.sock", "/"), 200, "ok")
	if n := len(p.addresses()); n != 2 {
		t.Errorf("%d addresses, want 2", n)
	}
}
