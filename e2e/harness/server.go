package harness

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Options say how to run the binary.
type Options struct {
	Verb   string   // default: run
	App    string   // as on the command line
	Dir    string   // --chdir; default: Apps()
	Python string   // --python
	Args   []string // more flags
	Binds  []string // more of --bind: the first is plain HTTP
	Env    []string // more of the environment
	Binary string   // another highball than Binary()
	Line   []string // all that follows the program's name, in the place of what the others say

	Upgraded bool // Upgrade will be called: others go on with the log

	Unbound bool                 // without the address that a test's server has by default
	Around  []string             // a command that runs the one which follows it
	Files   []*os.File           // its descriptors from 3 on
	Stdin   *os.File             // default: /dev/null
	Process *syscall.SysProcAttr // as whom it runs
	Owner   int                  // the user that its TMPDIR belongs to
}

// Server is a running highball.
type Server struct {
	*Log
	Address string // "127.0.0.1:54321", of plain HTTP
	PID     int

	listening []string // all that it listens on: "http://127.0.0.1:54321/", "uwsgi://127.0.0.1:54322"

	process *os.Process
	scratch string // its TMPDIR
	mark    string // in the environment of all its processes
	ended   chan struct{}
	err     error
	stopped atomic.Bool
}

// markName is the variable by which a server's processes are found in /proc.
const markName = "E2E_SERVER_MARK"

// Start runs a server until the test ends; what it leaves behind fails the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Launch(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log ends:\n%s", s.Tail(30))
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Launch runs a server and returns when it listens.
func Launch(o Options) (*Server, error) {
	s := &Server{Log: newLog(), ended: make(chan struct{}), mark: newMark()}
	var err error
	if s.scratch, err = os.MkdirTemp("", "highball-scratch-"); err != nil {
		return nil, err
	}
	if o.Dir == "" {
		o.Dir = Apps()
	}
	if err := os.Chown(s.scratch, o.Owner, -1); o.Owner != 0 && err != nil {
		return nil, err
	}
	args := append(slices.Clip(o.Around), cmp.Or(o.Binary, binary), cmp.Or(o.Verb, "run"))
	if o.App != "" {
		args = append(args, o.App)
	}
	args = append(args, "--log-format", "json", "--chdir", o.Dir, "--pythonpath", Apps())
	if !o.Unbound {
		args = append(args, "--bind", "127.0.0.1:0")
	}
	if o.Python != "" {
		args = append(args, "--python", o.Python)
	}
	for _, bind := range o.Binds {
		args = append(args, "--bind", bind)
	}
	args = append(args, o.Args...)
	if o.Line != nil {
		args = append(append(slices.Clip(o.Around), cmp.Or(o.Binary, binary)), o.Line...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(CleanEnviron(), "TMPDIR="+s.scratch, markName+"="+s.mark, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Env = append(cmd.Env, o.Env...)
	cmd.ExtraFiles = o.Files
	if o.Stdin != nil {
		cmd.Stdin = o.Stdin
	}
	if cmd.SysProcAttr = o.Process; o.Process == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	return s, s.start(cmd, o)
}

var marks atomic.Int64

func newMark() string { return fmt.Sprintf("%d.%d", os.Getpid(), marks.Add(1)) }

// CleanEnviron is our environment without what would change the server's settings.
func CleanEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "HIGHBALL_") || strings.HasPrefix(entry, "VIRTUAL_ENV=")
	})
}

func (s *Server) start(cmd *exec.Cmd, o Options) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return err
	}
	s.process, s.PID = cmd.Process, cmd.Process.Pid
	go s.follow(r)
	go func() {
		s.err = cmd.Wait()
		if !o.Upgraded && !s.awaitEnd(Patience/2) {
			s.err = errors.Join(s.err, errors.New("a process has the server's output and lives on"))
		}
		close(s.ended)
	}()
	if err := s.awaitListening(1 + len(o.Binds)); err != nil {
		return errors.Join(err, s.Stop())
	}
	s.Address = s.Where("http")
	return nil
}

// awaitListening waits for the lines of as many listeners. They are in the order of
// --bind, plain HTTP first.
func (s *Server) awaitListening(n int) error {
	const prefix = "listening on "
	isLine := func(e Entry) bool { return strings.HasPrefix(e.Message(), prefix) }
	isPlain := func(e Entry) bool { return strings.HasPrefix(e.Message(), prefix+"http://") }
	_, err := s.Await(func(e Entry) bool {
		return isLine(e) && len(s.Find(isLine)) >= n && len(s.Find(isPlain)) > 0
	})
	for _, e := range s.Find(isLine) {
		s.listening = append(s.listening, strings.TrimPrefix(e.Message(), prefix))
	}
	return err
}

// Where is the address on which a protocol is spoken; "" if on none.
func (s *Server) Where(protocol string) string {
	for _, url := range s.listening {
		if address, ok := strings.CutPrefix(url, protocol+"://"); ok {
			return strings.TrimSuffix(address, "/")
		}
	}
	return ""
}

// URL is the address of a path on the server.
func (s *Server) URL(path string) string { return "http://" + s.Address + path }

// Signal sends a signal to the front.
func (s *Server) Signal(sig os.Signal) error { return s.process.Signal(sig) }

// Ended is closed when the front has exited.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Processes are the living processes of the server: front, zygote, workers, and
// whatever these have started.
func (s *Server) Processes() []int { return marked(s.mark) }

// Stop ends the server by SIGTERM and says what is wrong with its end: an exit
// code other than 0, a process that lives on, a file left behind.
func (s *Server) Stop() error {
	if s.stopped.Swap(true) {
		return nil
	}
	defer os.RemoveAll(s.scratch)
	_ = s.Signal(syscall.SIGTERM)
	return errors.Join(s.Exit(), s.leftovers())
}

// Leave says what a server that the test has ended left behind. That it ended as it
// did is no failure.
func (s *Server) Leave() error {
	s.stopped.Store(true)
	defer os.RemoveAll(s.scratch)
	return s.leftovers()
}

// Exit waits for the front's end and returns what its exit code means.
func (s *Server) Exit() error {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	select {
	case <-s.ended:
	case <-timeout.C:
		_ = s.process.Kill()
		<-s.ended
		return fmt.Errorf("the server did not stop:\n%s", s.Tail(20))
	}
	if s.err != nil {
		return fmt.Errorf("the server ended: %w\n%s", s.err, s.Tail(20))
	}
	return nil
}

// leaveGrace is how long what was killed may need the processor to end: Django's checks
// have the least right to it.
const leaveGrace = 2 * time.Second

func (s *Server) awaitNobody() {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(leaveGrace); len(s.Processes()) > 0 && time.Now().Before(end); {
		<-ticker.C
	}
}

// leftovers reports processes and files that are still there.
func (s *Server) leftovers() error {
	var errs []error
	s.awaitNobody()
	for _, pid := range s.Processes() {
		errs = append(errs, fmt.Errorf("process %d was left behind: %s", pid, commandLine(pid)))
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	entries, _ := os.ReadDir(s.scratch)
	for _, e := range entries {
		errs = append(errs, fmt.Errorf("file %s was left behind in TMPDIR", e.Name()))
	}
	return errors.Join(errs...)
}
