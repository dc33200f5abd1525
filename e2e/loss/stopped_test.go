package loss

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// A worker that is stopped (SIGSTOP) is taken for one whose lock is held: it is
// killed and replaced, and what had begun there is answered. Requests elsewhere
// notice nothing: no more are slow than the worker has threads.
func TestWorkerIsStopped(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		const timeout = 2 * time.Second
		s := perform(t, 2, flag, "--request-timeout", timeout.String())
		s.start()
		gate := harness.NewGate(t)
		begun := s.Dial(t).Send(harness.Request("GET", s.path("/waits?"+gate.Query()+"&id=", "begun")))
		victim := gate.Arrival().PID
		s.kill(victim, syscall.SIGSTOP)
		begun.Response("GET").WantStatus(t, 504)
		s.WaitText(t, "worker killed", "the interpreter's lock is held")
		s.awaitEnd(victim)
		s.awaitReady(2)
		s.goesOn()
		outcomes := s.crowd.Stop()
		s.settle(outcomes, terms{victims: []int{victim}, threads: 1, statuses: []int{502, 504}})
		slow := slices.DeleteFunc(outcomes, func(o harness.Outcome) bool { return o.Took < timeout })
		for _, o := range slow {
			t.Logf("%s %s was answered %d after %s", o.Method, o.Path, o.Status, o.Took.Round(time.Millisecond))
		}
		if len(slow) > 1 {
			t.Errorf("%d requests were slow, but one thread was left for them", len(slow))
		}
	})
}
