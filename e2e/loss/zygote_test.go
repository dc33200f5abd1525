package loss

import (
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// kill -9 of the zygote: no request notices, and workers are replaced as ever.
func TestZygoteIsKilled(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag)
		s.start()
		workers := s.workers()
		s.killed(s.zygote())
		s.goesOn()
		if now := s.workers(); len(now) != 2 || now[0] != workers[0] || now[1] != workers[1] {
			t.Errorf("the workers are %v, were %v", now, workers)
		}
		s.killed(workers[0])
		s.awaitReady(2)
		s.goesOn()
		s.reload(1, newCodeServes)
		s.goesOn()
		s.settle(s.crowd.Stop(), terms{victims: workers[:1], threads: 2, statuses: []int{502}})
	})
}

// The zygote that comes after is killed as well, before it has forked a worker.
func TestZygotesAreKilledInARow(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag)
		s.start()
		victim, first := s.workers()[0], s.zygote()
		s.killed(first)
		s.killed(victim) // which has a zygote made
		second := s.zygote(first)
		s.killed(second)
		s.goesOn()
		s.awaitReady(2)
		third := s.zygote(first, second)
		s.killed(third)
		s.goesOn()
		s.reload(1, newCodeServes)
		s.goesOn()
		s.settle(s.crowd.Stop(), terms{victims: []int{victim}, threads: 2, statuses: []int{502}})
	})
}

// The new generation's zygote is killed while the new code is imported: with
// preload in the zygote itself, so that the reload fails and the old code serves
// on; without, in workers that have no need of it any more.
func TestZygoteIsKilledWithinAReload(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag)
		s.start()
		old := s.zygote()
		s.ledger.Hold()
		imports := len(s.ledger.Read().Imported)
		if err := s.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		want, outcome := imports+1, reloadFailed
		if flag == "--no-preload" {
			want, outcome = imports+2, newCodeServes
		}
		harness.Eventually(t, "the new code is imported", func() bool { return len(s.ledger.Read().Imported) == want })
		s.killed(s.zygote(old))
		s.goesOn()
		s.ledger.Go()
		s.WaitText(t, outcome)
		s.goesOn()
		s.reload(s.Count(newCodeServes)+1, newCodeServes)
		s.awaitReady(2)
		s.goesOn()
		s.wantAllServed(s.crowd.Stop())
	})
}
