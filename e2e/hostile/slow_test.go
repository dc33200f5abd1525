package hostile

import (
	"testing"
	"time"

	"highball/e2e/harness"
)

// sound is what a quick client may get while others are slow: no failure at all,
// and, where the numbers are those that Highball promises, a p99 of so many times
// the one without them. In the short variant, which runs on busy machines, it is a
// time that nobody who had to wait for a slow client would get.
const (
	soundRatio = 1.5
	soundP99   = time.Second
)

// besideSlowOnes measures the quick client alone and beside so many slow clients
// of each kind, in turn.
func besideSlowOnes(t *testing.T, kinds ...kind) {
	t.Helper()
	each := scaled(2000, 200)
	if harness.Race() { // which has the server ten times slower
		each = 50
	}
	needDescriptors(t, each*len(kinds))
	s := perform(t)
	var quiet, noisy []int64
	s.rounds(scaled(3, 1), func(round int) {
		alone := s.quickly(scaled(10*time.Second, 1500*time.Millisecond))
		beside := s.besideOnce(each, kinds)
		t.Logf("round %d, alone: %s", round, alone)
		t.Logf("round %d, beside %d slow clients: %s", round, each*len(kinds), beside)
		quiet, noisy = append(quiet, int64(alone.p99())), append(noisy, int64(beside.p99()))
		if n := len(alone.failures) + len(beside.failures); n > 0 {
			t.Fatalf("%d requests of the quick client have failed", n)
		}
	})
	limit := int64(soundP99)
	if long() {
		limit = int64(soundRatio * float64(median(quiet)))
	}
	if median(noisy) > limit {
		t.Errorf("p99 beside slow clients: %s, want at most %s", time.Duration(median(noisy)), time.Duration(limit))
	}
	s.leavesNoGoroutine()
}

// besideOnce has the slow clients come, and leave. What the quick client gets while
// they come counts as far as failures go.
func (s *scene) besideOnce(each int, kinds []kind) experience {
	s.t.Helper()
	var crowds []*crowd
	coming := s.quicklyWhile(func() {
		for i, k := range kinds {
			c := &crowd{address: s.Address, size: each, first: i * each, kind: k}
			crowds = append(crowds, c)
			c.come(s.t)
		}
		s.awaitIdle() // though none of them is done
	})
	beside := s.quickly(scaled(15*time.Second, 3*time.Second))
	beside.failures = append(beside.failures, coming.failures...)
	for _, c := range crowds {
		if connected := int(c.connected.Load()); connected < each*9/10 {
			s.t.Errorf("of %d slow clients %d are connected: this proves nothing", each, connected)
		}
		c.leave()
		s.t.Logf("%d slow clients made %d connections", each, c.made.Load())
	}
	return beside
}
