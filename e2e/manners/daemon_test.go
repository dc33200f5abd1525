package manners

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// daemonized starts s in the background, and sees to its end. What the command has
// printed ends with the command, as whoever captures it expects.
func (s *server) daemonized(args ...string) (printed string) {
	s.t.Helper()
	cmd := s.command(append([]string{"--daemon"}, args...)...)
	out, code := outcome(cmd)
	s.t.Cleanup(func() {
		if pid := s.pid(); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
		s.ended()
	})
	if code != 0 {
		s.t.Fatalf("exit code %d: %s", code, out)
	}
	if s.pid() == 0 || s.pid() == cmd.Process.Pid {
		s.t.Fatalf("the pid file says %d, the command was %d", s.pid(), cmd.Process.Pid)
	}
	return out
}

// When the command returns the server serves, in a session of its own and without the
// terminal's output; it takes signals and upgrades as any other.
func TestDaemon(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.daemonized()
	s.wantGet()
	pid := s.pid()
	stat := strings.Fields(after(read(fmt.Sprintf("/proc/%d/stat", pid)), ") "))
	if session := stat[3]; session != strconv.Itoa(pid) {
		t.Errorf("its session is %s, want its own, %d", session, pid)
	}
	for fd, want := range map[int]string{0: os.DevNull, 1: s.log, 2: s.log} {
		if got, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); got != want {
			t.Errorf("descriptor %d is %s, want %s", fd, got, want)
		}
	}
	s.signal(syscall.SIGHUP)
	s.waitLog("reload")
	s.signal(syscall.SIGUSR2)
	harness.Eventually(t, "the file names the new process", func() bool { return s.pid() != pid && s.pid() != 0 })
	s.wantGet()
	s.signal(syscall.SIGTERM)
	s.ended()
	if _, err := os.Stat(s.pidFile); err == nil {
		t.Error("the pid file is still there")
	}
}

func after(text, sep string) string {
	_, behind, _ := strings.Cut(text, sep)
	return behind
}

// After a rotation a daemon's log goes on in the new file, and so does what Go would say
// of a crash, also after an upgrade.
func TestDaemonLogIsRotated(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.daemonized()
	for i := range 2 {
		if err := os.Rename(s.log, s.log+strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
		s.signal(syscall.SIGUSR1)
		harness.Eventually(t, "the log is a new file", func() bool {
			got, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", s.pid()))
			return got == s.log
		})
		pid := s.pid()
		s.signal(syscall.SIGUSR2)
		harness.Eventually(t, "the file names the new process", func() bool { return s.pid() != pid && s.pid() != 0 })
		s.waitLog("this process has taken over")
	}
}

// Without a log's file nobody has the output.
func TestDaemonWithoutALog(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.daemonized("--error-log", "-", "--access-log", "-")
	s.wantGet()
	if got, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", s.pid())); got != os.DevNull {
		t.Errorf("stderr is %s", got)
	}
}

// What goes wrong is on the terminal, with the exit code that it has in the foreground.
func TestDaemonThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(s *server)
		args []string
		code int
		says string
	}{
		"import":  {func(s *server) { write(s.t, filepath.Join(s.dir, "site_app.py"), "import no_such_module\n") }, nil, 3, "no_such_module"},
		"setting": {func(*server) {}, []string{"--workers", "many"}, 2, "workers"},
		"bind":    {func(*server) {}, []string{"--bind", "192.0.2.1:80"}, 1, "192.0.2.1"},
		"exits":   {func(s *server) { write(s.t, filepath.Join(s.dir, "site_app.py"), "import os; os._exit(9)\n") }, []string{"--start-timeout", "5"}, 1, "worker"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			test.do(s)
			out, code := outcome(s.command(append([]string{"--daemon"}, test.args...)...))
			if code != test.code || !strings.Contains(out, test.says) {
				t.Errorf("exit code %d, want %d, and %q in:\n%s", code, test.code, test.says, out)
			}
			s.ended()
			if s.pid() != 0 {
				t.Error("there is a pid file")
			}
		})
	}
}

// Whoever waits for the start may give up: nothing is left.
func TestDaemonStartIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	write(t, filepath.Join(s.dir, "site_app.py"), "import time; time.sleep(600)\n")
	cmd := s.command("--daemon", "--start-timeout", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "a worker starts", func() bool { return len(s.processes()) >= 4 })
	_ = cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(harness.Patience):
		t.Fatal("the command does not end")
	}
	if code := cmd.ProcessState.ExitCode(); code == 0 {
		t.Error("exit code 0, as if it had started")
	}
	s.ended()
}

// Where another has to see the process, it does not hide.
func TestDaemonRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ env, bind, says string }{
		"systemd":      {"NOTIFY_SOCKET=/run/systemd/notify", "", "NOTIFY_SOCKET"},
		"its sockets":  {"LISTEN_FDS=1", "", "sockets are handed"},
		"a descriptor": {"A=B", "fd://3", "sockets are handed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			cmd := s.command("--daemon")
			if test.bind != "" {
				cmd.Args = append(cmd.Args, "--bind", test.bind)
			}
			cmd.Env = append(cmd.Env, test.env)
			out, code := outcome(cmd)
			if code != 2 || !strings.Contains(out, test.says) || !strings.Contains(out, "in the foreground") {
				t.Errorf("exit code %d, %s", code, out)
			}
		})
	}
}

// Two starts of the same daemon: one says that it runs already.
func TestDaemonTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.daemonized()
	out, code := outcome(s.command("--daemon"))
	if code != 1 || !strings.Contains(out, "already running on PID") {
		t.Errorf("exit code %d, %s", code, out)
	}
}
