package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"highball/e2e/harness"
)

const (
	workers  = 2
	threads  = 4
	mebibyte = 1 << 20
)

// scene is a server of 2 workers with 4 threads each, and what it holds at rest.
type scene struct {
	*harness.Server
	t       *testing.T
	control string // its control socket
	calls   string // where the application writes down its calls
	pids    []int  // of the workers
	rest    holding
}

// holding is what a server holds that its clients may have made it hold.
type holding struct {
	descriptors map[string]int // of all its processes: how many of what
	spooled     int            // of these, files without a name
	memory      int64          // of the front, in bytes
}

// perform starts a server.
func perform(t *testing.T, flags ...string) *scene {
	t.Helper()
	needLinux(t)
	dir, err := os.MkdirTemp("", "highball-hostile-") // a test's own may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &scene{t: t, control: filepath.Join(dir, "c"), calls: t.TempDir()}
	s.Server = harness.Start(t, harness.Options{
		App: filepath.Join("hostile", "wsgi.py"), Python: harness.Newest(t).Path, Env: []string{"CALLS=" + s.calls},
		Args: append([]string{"--workers", strconv.Itoa(workers), "--threads", strconv.Itoa(threads), "--control", s.control}, flags...),
	})
	harness.Eventually(t, "the workers are ready", func() bool {
		s.pids = s.status().Ready()
		return len(s.pids) == workers
	})
	for range 10 * workers * threads { // what is made once is made
		s.serves()
	}
	s.awaitIdle()
	s.rest = s.holds()
	return s
}

// serves checks that one more client is answered, whose connection does not stay.
func (s *scene) serves() {
	s.t.Helper()
	s.Get(s.t, "/quick", "Connection: close").Want(s.t, 200, "ok")
}

func (s *scene) status() harness.Status {
	s.t.Helper()
	return harness.AskControl(s.t, s.control)
}

// awaitIdle waits until no slot is taken and nobody waits for one.
func (s *scene) awaitIdle() {
	s.t.Helper()
	harness.Eventually(s.t, "all slots are idle", func() bool {
		status := s.status()
		return status.Queue.Waiting == 0 && !slices.ContainsFunc(status.Workers, func(w harness.Worker) bool { return w.Busy > 0 })
	})
}

func (h holding) String() string {
	return fmt.Sprintf("%d descriptors, %d of them of files without a name, %d MiB", h.open(), h.spooled, h.memory/mebibyte)
}

// open is the number of descriptors.
func (h holding) open() (n int) {
	for _, of := range h.descriptors {
		n += of
	}
	return n
}

// beyond is what there are more of than before.
func (h holding) beyond(before holding) []string {
	var more []string
	for what, n := range h.descriptors {
		if n > before.descriptors[what] {
			more = append(more, fmt.Sprintf("%d x %s", n-before.descriptors[what], what))
		}
	}
	return more
}

func (s *scene) holds() holding {
	h := holding{descriptors: map[string]int{}, memory: residentSet(s.PID)}
	for _, pid := range s.Processes() {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, link := range links {
			target, err := os.Readlink(link)
			if err != nil {
				continue // closed meanwhile
			}
			if strings.HasSuffix(target, "(deleted)") {
				h.spooled++
			}
			what, _, _ := strings.Cut(target, ":[") // socket:[12345]
			h.descriptors[fmt.Sprintf("%s of process %d", what, pid)]++
		}
	}
	return h
}

// residentSet is how much memory a process has in use, in bytes.
func residentSet(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
	return kilobytes << 10
}

// settles waits until the server holds no more than at rest, and checks that it is
// as well as it was then.
func (s *scene) settles() {
	s.t.Helper()
	s.awaitIdle()
	var now holding
	defer func() { s.t.Logf("at rest: %s; now: %s %v", s.rest, now, now.beyond(s.rest)) }()
	harness.Eventually(s.t, "the descriptors of all clients are closed", func() bool {
		now = s.holds()
		return now.open() <= s.rest.open() && now.spooled <= s.rest.spooled
	})
	s.serves()
	if pids := s.status().Ready(); !slices.Equal(slices.Sorted(slices.Values(pids)), slices.Sorted(slices.Values(s.pids))) {
		s.t.Errorf("the workers were %v and are %v: none should have died", s.pids, pids)
	}
	for _, bad := range []string{"DATA RACE", "panic", "broke the protocol"} {
		if n := s.Count(bad); n > 0 {
			s.t.Errorf("%d lines of the log have %q", n, bad)
		}
	}
}

// growth is how much more memory the front may take after the same attack again: what the
// collector has not given back differs by so much; where crowds use up the budget for
// responses, by as much as that.
func growth() int64 { return scaled[int64](256, 24) * mebibyte }

// rounds has the same done some times, and checks after each that all is as it was;
// and after the last, that the front has not grown since the first. The race
// detector's memory grows.
func (s *scene) rounds(n int, attack func(round int)) {
	s.t.Helper()
	var first int64
	for round := range n {
		attack(round)
		s.settles()
		if round == 0 {
			first = residentSet(s.PID)
		}
	}
	if harness.Race() {
		return
	}
	harness.Eventually(s.t, fmt.Sprintf("the front takes no more than %d MiB again", (first+growth())/mebibyte), func() bool {
		return residentSet(s.PID) <= first+growth()
	})
}

// seen are the calls that the application has written down.
func (s *scene) seen() (calls []string) {
	s.t.Helper()
	paths, _ := filepath.Glob(filepath.Join(s.calls, "*.calls"))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		calls = append(calls, strings.Fields(strings.ReplaceAll(string(text), " /", ":/"))...)
	}
	return calls
}
