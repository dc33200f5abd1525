package manners

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// server is one that is known by its address and its pid file alone, as a daemon is.
type server struct {
	t       *testing.T
	dir     string
	address string
	pidFile string
	log     string // its error-log
	mark    string
}

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := newApp(t)
	s := &server{
		t: t, dir: dir, address: l.Addr().String(), pidFile: filepath.Join(dir, "server.pid"), log: filepath.Join(dir, "error.log"),
		mark: "MANNERS_MARK=" + dir,
	}
	t.Cleanup(func() {
		for _, pid := range s.processes() {
			t.Errorf("process %d was left behind: %s", pid, strings.ReplaceAll(read("/proc/"+strconv.Itoa(pid)+"/cmdline"), "\x00", " "))
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if t.Failed() {
			t.Logf("the log:\n%s", read(s.log))
		}
	})
	return s
}

// command runs the server, with its files where s says.
func (s *server) command(args ...string) *exec.Cmd {
	s.t.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		s.t.Skip("no /proc, where the processes are found")
	}
	line := []string{
		"run", "site_app:application", "--chdir", s.dir, "--bind", s.address, "--workers", "1", "--python", harness.Newest(s.t).Path,
		"--pid-file", s.pidFile, "--error-log", s.log, "--control", "off",
	}
	cmd := exec.Command(harness.Binary(), append(line, args...)...)
	cmd.Env = append(harness.CleanEnviron(), s.mark)
	cmd.Dir = s.dir
	return cmd
}

// processes are the living ones of the server.
func (s *server) processes() (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		environ, _ := os.ReadFile(path)
		if slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(entry []byte) bool { return string(entry) == s.mark }) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// pid is what the file says, 0 if there is none.
func (s *server) pid() int {
	pid, _ := strconv.Atoi(strings.TrimSpace(read(s.pidFile)))
	return pid
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.pid(), sig); err != nil {
		s.t.Fatalf("kill %d: %v", s.pid(), err)
	}
}

func (s *server) wantGet() {
	s.t.Helper()
	if code := ask(s.t, s.address, "GET", "/", nil); code != 200 {
		s.t.Errorf("status %d", code)
	}
}

// waitLog waits for a text in the error log.
func (s *server) waitLog(text string) {
	s.t.Helper()
	harness.Eventually(s.t, "the log has "+text, func() bool { return strings.Contains(read(s.log), text) })
}

// ended waits until nothing of it is left.
func (s *server) ended() {
	s.t.Helper()
	harness.Eventually(s.t, "all processes have ended", func() bool { return len(s.processes()) == 0 })
}

// running is a server in the foreground.
type running struct {
	*server
	cmd    *exec.Cmd
	output string // a file: a pipe would be waited for until a process after an upgrade ends
}

// launch starts it and returns when its pid file is there.
func (s *server) launch(args ...string) *running {
	s.t.Helper()
	r := &running{s, s.command(args...), filepath.Join(s.dir, "output")}
	output, err := os.Create(r.output)
	if err != nil {
		s.t.Fatal(err)
	}
	defer output.Close()
	r.cmd.Stdout, r.cmd.Stderr = output, output
	if err := r.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = r.cmd.Process.Signal(syscall.SIGTERM)
		_ = r.cmd.Wait()
		if pid := s.pid(); pid != 0 { // after an upgrade
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
		s.ended()
		if s.t.Failed() {
			s.t.Logf("stderr:\n%s", read(r.output))
		}
	})
	harness.Eventually(s.t, "the server serves", func() bool { return s.pid() == r.cmd.Process.Pid })
	return r
}

// exit waits for its end.
func (r *running) exit(want int) {
	r.t.Helper()
	_ = r.cmd.Wait()
	if code := r.cmd.ProcessState.ExitCode(); code != want {
		r.t.Errorf("exit code %d, want %d: %s", code, want, read(r.output))
	}
}

// outcome runs a command to its end.
func outcome(cmd *exec.Cmd) (out string, code int) {
	text, _ := cmd.CombinedOutput()
	return string(text), cmd.ProcessState.ExitCode()
}
