package loss

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// mixed is what a crowd asks unless a test has it ask something else: requests
// that are answered at once wait behind each other in one thread, the others go
// alone.
var mixed = []harness.Kind{
	{Method: "GET", Path: "/work"}, {Method: "GET", Path: "/quick"}, {Method: "POST", Path: "/work"},
	{Method: "GET", Path: "/quick"}, {Method: "POST", Path: "/quick"},
}

// scene is a server whose application keeps a ledger, and the crowd that asks it.
type scene struct {
	*harness.Server
	t       *testing.T
	crowd   *harness.Crowd
	ledger  *harness.Ledger
	control string // its control socket
	unix    string // its Unix socket
	others  map[string]bool
}

// perform starts a server with threads = 2 in each worker, unless the flags say
// otherwise; the crowd is ready to Start.
func perform(t *testing.T, workers int, flags ...string) *scene {
	t.Helper()
	dir, err := os.MkdirTemp("", "highball-loss-") // a test's own may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &scene{
		t: t, ledger: harness.NewLedger(t), control: filepath.Join(dir, "c"), unix: filepath.Join(dir, "u"),
		others: map[string]bool{},
	}
	s.Server = harness.Start(t, harness.Options{
		App: filepath.Join("ledger", "wsgi.py"), Python: harness.Newest(t).Path, Env: []string{s.ledger.Variable()},
		Args: append([]string{
			"--workers", strconv.Itoa(workers), "--threads", "2", "--control", s.control, "--bind", "unix:" + s.unix,
		}, flags...),
	})
	s.crowd = &harness.Crowd{Network: "tcp", Address: s.Address, Kinds: mixed, KeepAlive: 8, OneShot: 4}
	s.awaitReady(workers)
	return s
}

// start has the crowd begin, and returns when it is well under way.
func (s *scene) start() {
	s.t.Helper()
	s.crowd.Start()
	s.goesOn()
}

// goesOn waits until the crowd has got further answers.
func (s *scene) goesOn() {
	s.t.Helper()
	const further = 100
	before := s.crowd.Answered()
	harness.Eventually(s.t, "requests are answered", func() bool { return s.crowd.Answered() >= before+further })
}

// workers are the processes that take requests.
func (s *scene) workers() []int { return harness.AskControl(s.t, s.control).Ready() }

// awaitReady waits until so many workers take requests.
func (s *scene) awaitReady(n int) {
	s.t.Helper()
	harness.Eventually(s.t, strconv.Itoa(n)+" workers are ready", func() bool { return len(s.workers()) == n })
}

// zygote waits until there is one, besides those that are known.
func (s *scene) zygote(known ...int) (pid int) {
	s.t.Helper()
	harness.Eventually(s.t, "there is one more zygote", func() bool {
		fresh := slices.DeleteFunc(s.Zygotes(s.t, s.control), func(pid int) bool { return slices.Contains(known, pid) })
		if len(fresh) == 1 {
			pid = fresh[0]
		}
		return len(fresh) == 1
	})
	return pid
}

// kill sends a signal that may come too late.
func (s *scene) kill(pid int, sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		s.t.Fatalf("kill %d: %v", pid, err)
	}
}

// killed ends a process and waits until it is gone.
func (s *scene) killed(pid int) {
	s.t.Helper()
	s.kill(pid, syscall.SIGKILL)
	s.awaitEnd(pid)
}

func (s *scene) awaitEnd(pid int) {
	s.t.Helper()
	harness.Eventually(s.t, "process "+strconv.Itoa(pid)+" ends", func() bool { return !slices.Contains(s.Processes(), pid) })
}

// path is a request of the test's own, which the account knows of.
func (s *scene) path(path, id string) string {
	s.others[id] = true
	return path + id
}

// reload has new code loaded, and waits for the nth line in the log that says text.
func (s *scene) reload(n int, text string) {
	s.t.Helper()
	if err := s.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	s.Wait(s.t, func(harness.Entry) bool { return s.Count(text) >= n })
}

const (
	newCodeServes = "reload: the new code serves"
	reloadFailed  = "reload failed, the old code serves on"
)
