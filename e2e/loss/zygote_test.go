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

// The zygotes that come after are killed as well, each as soon as it is there.
func TestZygotesAreKilledInARow(t *testing.T) {
	eachPreload(t, func(t *testing.T, flag string) {
		s := perform(t, 2, flag)
		s.start()
		var zygotes, victims []int
		for range 3 {
			zygote := s.zygote(zygotes...)
			s.killed(zygote)
			s.goesOn()
			s.awaitReady(2)
			victim := s.workers()[0] // it is replaced by way of another zygote
			s.killed(victim)
			zygotes, victims = append(zygotes, zygote), append(victims, victim)
		}
		s.awaitReady(2)
		s.goesOn()
		s.reload(1, newCodeServes)
		s.goesOn()
		s.settle(s.crowd.Stop(), terms{victims: victims, threads: 2, statuses: []int{502}})
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
