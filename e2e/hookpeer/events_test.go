package hookpeer

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// event is what gunicorn.conf.py writes of one call of a hook.
type event struct {
	Hook    string
	PID     int
	Server  int // the process that the object server names
	Age     int // the worker's
	Listens string
	Time    float64
	Facts   map[string]any
}

// events are those in the file so far, whole lines only.
func events(t *testing.T, path string) (found []event) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e event
		if !strings.HasSuffix(line, "\n") {
			break
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		found = append(found, e)
	}
	return found
}

// site is a server under test: what it was asked, and what its hooks say of that.
type site struct {
	t       *testing.T
	events  string
	seen    int // events of the phases before
	servers map[int]bool
	facts   facts

	reloaded []string // what a reload of this server ends with, beside what it has of others
}

// facts are what was seen, under a name that is the same for both servers.
type facts map[string]string

func newSite(t *testing.T, dir string) *site {
	return &site{t: t, events: dir + "/events", servers: map[int]bool{}, facts: facts{}}
}

// await waits until a phase has had so many calls of each of these hooks: "pre_fork 2".
func (s *site) await(phase string, wanted ...string) {
	s.t.Helper()
	harness.Eventually(s.t, phase+": "+strings.Join(wanted, ", "), func() bool {
		count := map[string]int{}
		for _, e := range events(s.t, s.events)[s.seen:] {
			count[e.Hook]++
		}
		return !slices.ContainsFunc(wanted, func(want string) bool {
			name, n, _ := strings.Cut(want, " ")
			return fmt.Sprint(count[name]) < n
		})
	})
}

// close notes what a phase has had: the calls in the server, those in each worker, and
// what the objects were.
func (s *site) close(phase string) {
	s.t.Helper()
	all := events(s.t, s.events)
	for _, e := range all {
		if e.Server != 0 {
			s.servers[e.Server] = true
		}
	}
	calls := map[string][]string{}
	number := map[string]int{}
	for _, e := range all[s.seen:] {
		place := "server"
		if !s.servers[e.PID] && (e.Hook != "nworkers_changed") {
			place = fmt.Sprintf("worker %d", s.worker(all, e.PID))
		}
		calls[place] = append(calls[place], e.Hook)
		number[e.Hook]++
		if e.Age > 0 { // two that end at a time do so in any order
			number[e.Hook] = e.Age
		}
		for name, value := range e.Facts {
			s.facts[fmt.Sprintf("%s: %s %d: %s", phase, e.Hook, number[e.Hook], name)] = fmt.Sprint(value)
		}
	}
	for place, hooks := range calls {
		s.facts[phase+": calls in "+place] = strings.Join(hooks, " ")
	}
	s.seen = len(all)
}

// worker counts the process among the workers, in the order in which they were forked.
func (s *site) worker(all []event, pid int) int {
	n := 0
	for _, e := range all {
		if e.Hook == "post_fork" {
			n++
			if e.PID == pid {
				return n
			}
		}
	}
	return 0
}

// calls are all so far, for who reads why a test has failed.
func (s *site) calls() string {
	var b strings.Builder
	for _, e := range events(s.t, s.events) {
		fmt.Fprintf(&b, "%d %s\n", e.PID, e.Hook)
	}
	return b.String()
}
