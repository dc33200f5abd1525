package loss

import (
	"testing"
	"time"

	"highball/e2e/harness"
)

const (
	mebibyte = 1 << 20

	memoryLimit = 64 * mebibyte
	hardLimit   = memoryLimit * 3 / 2
	memoryEvery = time.Second // how often highball looks
)

// leaking starts a server whose workers leak at most perSecond bytes each. bound is
// the most that one can have, if highball looks half as often as it should.
func leaking(t *testing.T, path string, perSecond int64) (s *scene, bound int64) {
	t.Helper()
	s = perform(t, 2, "--max-worker-memory", "64MiB", "--queue-timeout", "0")
	s.crowd.Kinds = []harness.Kind{{Method: "GET", Path: path}}
	return s, hardLimit + 2*int64(memoryEvery.Seconds())*perSecond
}

// Workers that leak are replaced one after the other, and no request fails.
func TestWorkersLeak(t *testing.T) {
	t.Parallel()
	s, bound := leaking(t, "/leak?kib=1000&seconds=0.1", 20*mebibyte)
	s.start()
	most := s.largest(func(int64) bool { return s.Count("worker is replaced: it takes") >= 2 && len(s.workers()) == 2 })
	s.goesOn()
	s.wantBound(most, bound)
}

// Workers that leak fast get no more requests though nobody can take them yet.
func TestWorkersLeakFast(t *testing.T) {
	t.Parallel()
	s, bound := leaking(t, "/leak?kib=4000&seconds=0.04", 200*mebibyte)
	s.ledger.Hold()
	s.crowd.Start()
	most := s.largest(func(most int64) bool { return most > bound || len(s.workers()) == 0 })
	s.ledger.Go()
	s.goesOn()
	s.wantBound(most, bound)
}

// largest watches the workers until the condition holds, and returns the most
// memory that one had.
func (s *scene) largest(holds func(most int64) bool) (most int64) {
	s.t.Helper()
	harness.Eventually(s.t, "workers get no more requests", func() bool {
		for _, w := range harness.AskControl(s.t, s.control).Workers {
			most = max(most, w.Memory)
		}
		return holds(most)
	})
	return most
}

func (s *scene) wantBound(most, bound int64) {
	s.t.Helper()
	a := s.wantAllServed(s.crowd.Stop())
	processes := map[int]bool{}
	for _, pids := range a.books.Begun {
		processes[pids[0]] = true
	}
	s.t.Logf("%d workers served; the largest took %d MiB, of at most %d", len(processes), most/mebibyte, bound/mebibyte)
	if most > bound || most < memoryLimit || len(processes) < 4 {
		s.t.Error("want workers beyond the limit, within the bound, and others in their place")
	}
}
