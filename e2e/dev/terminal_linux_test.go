package dev

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"highball/e2e/harness"
)

// terminal is a highball in a terminal of its own.
type terminal struct {
	t    *testing.T
	end  *os.File // the user's
	done chan error

	mu   sync.Mutex
	seen bytes.Buffer
}

// inTerminal runs highball in a project's directory, as a shell in a terminal does.
func inTerminal(t *testing.T, p *project, env []string, args ...string) *terminal {
	t.Helper()
	end, theirs := newTerminal(t)
	defer theirs.Close()
	cmd := exec.Command(harness.Binary(), args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.dir, theirs, theirs, theirs
	cmd.Env = append(harness.CleanEnviron(), append([]string{"TERM=xterm", "PYTHONDONTWRITEBYTECODE=1"}, env...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, end: end, done: make(chan error, 1)}
	go func() { term.done <- cmd.Wait() }()
	go func() { _, _ = io.Copy(term, end) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if t.Failed() {
			t.Logf("the terminal shows:\n%s", term.text())
		}
	})
	return term
}

// newTerminal makes a pseudo-terminal (pty(7)).
func newTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	return os.NewFile(uintptr(fd), "ptmx"), theirs
}

func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.Write(p)
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// shows waits until the terminal has shown a text so many times.
func (term *terminal) shows(text string, times int) {
	term.t.Helper()
	harness.Eventually(term.t, fmt.Sprintf("the terminal shows %q", text), func() bool {
		return strings.Count(term.text(), text) >= times
	})
}

func (term *terminal) types(text string) {
	term.t.Helper()
	if _, err := term.end.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

const stops = `
def application(environ, start_response):
    answer = 41
    print("printed", "as it is")
    if environ["PATH_INFO"] == "/stop":
        breakpoint()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"answer %d" % answer]
`

// freeAddress is one on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// breakpoint() is the developer's at the terminal; Ctrl-C ends all at once and in silence.
func TestBreakpointInATerminal(t *testing.T) {
	t.Parallel()
	p, address := write(t, files{"app.py": stops}), freeAddress(t)
	term := inTerminal(t, p, nil, "dev", "app.py", "--bind", address, "--python", harness.Newest(t).Path)
	term.shows("Ctrl-C stops it", 1)
	answered := make(chan string, 2)
	go func() { answered <- ask(http.DefaultClient, "http://"+address+"/stop") }()
	term.shows("(Pdb) ", 1)
	term.types("answer = 42\n")
	term.shows("(Pdb) ", 2)
	term.types("p answer * 1000\n")
	term.shows("42000", 1)
	term.types("c\n")
	if got := <-answered; got != "200 answer 42" {
		t.Errorf("answered %q", got)
	}
	term.shows("\nprinted as it is", 1)
	term.shows("GET /stop", 1)
	contains(t, term.text(), "\x1b[32m200\x1b[0m")
	go func() { answered <- ask(http.DefaultClient, "http://"+address+"/stop") }()
	term.shows("-> ", 2)
	before := term.text()
	began := time.Now()
	term.types("\x03")
	select {
	case err := <-term.done:
		if err != nil {
			t.Errorf("Ctrl-C: %v", err)
		}
		t.Logf("ended %s after Ctrl-C", time.Since(began))
	case <-time.After(harness.Patience):
		t.Fatal("Ctrl-C does not end it")
	}
	if rest := strings.TrimSpace(strings.TrimPrefix(term.text(), before)); len(rest) > 20 {
		t.Errorf("Ctrl-C makes noise: %q", rest)
	}
}

// NO_COLOR is respected, and the short lines are there without it too.
func TestNoColor(t *testing.T) {
	t.Parallel()
	p, address := write(t, files{"app.py": stops}), freeAddress(t)
	term := inTerminal(t, p, []string{"NO_COLOR=1"}, "dev", "app.py", "--bind", address, "--python", harness.Newest(t).Path)
	term.shows("http://"+address+"/", 1)
	ask(http.DefaultClient, "http://"+address+"/a?b=%1b[0m")
	term.shows("GET /a?b=%1b[0m 200 ", 1)
	if strings.Contains(term.text(), "\x1b") {
		t.Errorf("colours in %q", term.text())
	}
	term.types("\x03")
	<-term.done
}

// run runs highball to its end.
func run(t *testing.T, p *project, env []string, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), harness.Binary(), args...)
	cmd.Dir, cmd.Env = p.dir, append(harness.CleanEnviron(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// An address that is taken: one that is not is named.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	output, code := run(t, write(t, files{"app.py": stops}), nil, "dev", "app.py", "--bind", l.Addr().String())
	contains(t, output, "address already in use", " is free")
	if code != 1 || strings.Count(output, "\n") != 1 {
		t.Errorf("exit code %d, %q", code, output)
	}
}

// --open opens a browser when there is something to see; without one that is said.
func TestOpen(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	opened := filepath.Join(bin, "opened")
	script := "#!/bin/sh\necho \"$1\" > " + opened + ".new && mv " + opened + ".new " + opened + "\n"
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	p := write(t, files{"app.py": stops})
	p.serve(harness.Options{Unbound: true, Args: []string{"--bind", address}, Env: []string{"PATH=" + bin + ":/bin:/usr/bin"}}, "--open")
	harness.Eventually(t, "a browser was opened", func() bool {
		url, _ := os.ReadFile(opened)
		return string(url) == "http://"+address+"/\n"
	})
	without := write(t, files{"app.py": stops})
	without.serve(harness.Options{Unbound: true, Args: []string{"--bind", freeAddress(t)}, Env: []string{"PATH=/nowhere"}}, "--open")
	without.Wait(t, func(e harness.Entry) bool { return e.Has("no browser was opened") })
	without.Get(t, "/").Want(t, 200, "answer 41")
}

// --https is a local certificate. The machine's own stores are none of this test's: without
// a PATH the server finds no tool by which it could have them trust it.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	p := write(t, files{"app.py": stops})
	p.serve(harness.Options{Binds: []string{"https://127.0.0.1:0"}, Env: []string{"HOME=" + t.TempDir(), "PATH=/nowhere"}}, "--https", "--acme-dir", t.TempDir())
	p.Get(t, "/").Want(t, 200, "answer 41")
	if p.Where("https") == "" {
		t.Error("nothing is served by https")
	}
}
