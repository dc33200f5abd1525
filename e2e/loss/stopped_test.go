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
// notice nothing.
func TestWorkerIsStopped(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag, "--request-timeout", "1s")
		s.start()
		victim := s.workers()[0]
		s.kill(victim, syscall.SIGSTOP)
		s.awaitEnd(victim)
		s.awaitReady(2)
		s.goesOn()
		outcomes := s.crowd.Stop()
		a := s.settle(outcomes, terms{victims: []int{victim}, threads: 2, statuses: []int{502, 504}})
		if a.statuses[502]+a.statuses[504] == 0 {
			t.Error("no request was in the worker that was stopped: this proves nothing")
		}
		slow := slices.DeleteFunc(outcomes, func(o harness.Outcome) bool { return o.Took < time.Second })
		for _, o := range slow {
			t.Logf("%s %s was answered %d after %s", o.Method, o.Path, o.Status, o.Took.Round(time.Millisecond))
		}
		if len(slow) > 2 {
			t.Errorf("%d requests were slow, but the worker has two threads", len(slow))
		}
	})
}
