package beside

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// program is one of the two that are compared, at work in a directory of its own.
type program struct {
	t    *testing.T
	name string
	dir  string
	port string
	cmd  *exec.Cmd
	end  chan error
	out  *harness.Record
}

// start starts a command in a copy of testdata/PROJECT, in which @PORT@ is a free port,
// and waits until it is connected to.
func start(t *testing.T, name, project string, env []string, line ...string) *program {
	t.Helper()
	p := &program{t: t, name: name, dir: t.TempDir(), port: freePort(t), end: make(chan error, 1), out: &harness.Record{}}
	p.copy("testdata/app.py")
	entries, err := os.ReadDir(filepath.Join("testdata", project))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		p.copy(filepath.Join("testdata", project, e.Name()))
	}
	for i := range line {
		line[i] = strings.ReplaceAll(line[i], "@PORT@", p.port)
	}
	p.cmd = exec.Command(line[0], line[1:]...)
	p.cmd.Dir = p.dir
	p.cmd.Env = append(harness.CleanEnviron(), append(env, "SHOP_PORT="+p.port)...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.end <- p.cmd.Wait(); close(p.end) }()
	t.Cleanup(func() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); <-p.end })
	return p
}

func (p *program) copy(path string) {
	p.t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		text = bytes.ReplaceAll(text, []byte("@PORT@"), []byte(p.port))
		err = os.WriteFile(filepath.Join(p.dir, filepath.Base(path)), text, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// listens waits until the program can be connected to.
func (p *program) listens() {
	p.t.Helper()
	harness.Eventually(p.t, p.name+" listens", func() bool {
		select {
		case err := <-p.end:
			p.t.Fatalf("%s ended: %v\n%s", p.name, err, p.out)
		default:
		}
		c, err := net.Dial("tcp", "127.0.0.1:"+p.port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// ask sends one request as it is and returns the response.
func (p *program) ask(request string) *harness.Response {
	p.t.Helper()
	method, _, _ := strings.Cut(request, " ")
	return harness.Dial(p.t, "tcp", "127.0.0.1:"+p.port).Send(request).Response(method)
}

// maybe is ask, where a connection that ends without an answer is status 0.
func (p *program) maybe(request string) *harness.Response {
	p.t.Helper()
	if harness.Dial(p.t, "tcp", "127.0.0.1:"+p.port).Send(request).Some() == "" {
		return &harness.Response{}
	}
	return p.ask(request)
}

// file is what a file of the program's directory says; empty if it is not there.
func (p *program) file(name string) string {
	text, _ := os.ReadFile(filepath.Join(p.dir, name))
	return string(text)
}

func (p *program) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the program's end and returns its exit code.
func (p *program) exit() int {
	p.t.Helper()
	harness.Eventually(p.t, p.name+" ends", p.hasEnded)
	return p.cmd.ProcessState.ExitCode()
}

// handles waits until uWSGI's master has its handlers of signals: workers serve before that.
func (p *program) handles() {
	p.t.Helper()
	p.pid()
	harness.Eventually(p.t, p.name+" handles signals", func() bool {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		_, caught, _ := strings.Cut(string(status), "SigCgt:\t")
		caught, _, _ = strings.Cut(caught, "\n")
		mask, err := strconv.ParseUint(caught, 16, 64)
		return err == nil && mask&(1<<(syscall.SIGQUIT-1)) != 0
	})
}

func (p *program) hasEnded() bool {
	select {
	case <-p.end:
		return true
	default:
		return false
	}
}

// gunicorn finds the real one, or skips the test.
func gunicorn(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("gunicorn", "--version").CombinedOutput()
	version, _ := strings.CutPrefix(strings.TrimSpace(string(out)), "gunicorn (version ")
	if err != nil || version == "" {
		t.Skip("gunicorn is not installed: make test installs it where Python is 3.10 or newer")
	}
	if major, _, _ := strings.Cut(version, "."); cmp.Compare(major, "27") < 0 {
		t.Skipf("gunicorn %s is older than 27", version)
	}
	path, err := exec.LookPath("gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
