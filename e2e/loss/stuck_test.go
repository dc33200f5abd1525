package loss

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

// A request that is stuck gets 504 and its stack is in the log. Where it leaves
// the interpreter's lock to others, all of these are served; where it does not,
// only what had begun in its process is lost.
func TestRequestIsStuck(t *testing.T) {
	t.Parallel()
	for path, stuck := range map[string]struct {
		function string // in the stack
		lost     int    // at most so many others
	}{
		"/sleeps": {"in sleeps", 0},
		"/locks":  {"in locks", 0},
		"/gil":    {"in holds_the_interpreter", 1},
	} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			s := perform(t, 2, "--request-timeout", "3s")
			s.start()
			s.Get(t, s.path(path+"?id=", "stuck")).WantStatus(t, 504)
			pids := s.ledger.Read().Begun["stuck"]
			if len(pids) != 1 {
				t.Fatalf("the request that is stuck has begun in %v", pids)
			}
			s.awaitEnd(pids[0])
			s.awaitReady(2)
			s.goesOn()
			s.settle(s.crowd.Stop(), terms{victims: pids, threads: stuck.lost, statuses: []int{502, 504}})
			s.Wait(t, func(e harness.Entry) bool {
				return strings.Contains(e.Raw, stuck.function) && strings.Contains(e.Raw, "ledger/wsgi.py")
			})
		})
	}
}
