package loss

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// A worker that is stopped (SIGSTOP) is taken for one whose lock is held: it is
// killed and replaced, and what had begun there is answered. It holds up no more
// requests than it has threads, and these for a time that is known.
func TestWorkerIsStopped(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag, "--request-timeout", "3s")
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
		a := s.settle(outcomes, terms{victims: []int{victim}, threads: 1, statuses: []int{502, 504}})
		held := s.Count("request goes to another worker") + len(outcomes) - a.statuses[200]
		slowest := slices.MaxFunc(outcomes, func(x, y harness.Outcome) int { return int(x.Took - y.Took) })
		t.Logf("the worker held up %d others; the slowest was answered %d after %s", held, slowest.Status, slowest.Took.Round(time.Millisecond))
		if held > 1 {
			t.Errorf("the worker held up %d others, but had one thread for them", held)
		}
	})
}
