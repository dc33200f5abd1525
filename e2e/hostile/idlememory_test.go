package hostile

import (
	"fmt"
	"testing"
	"time"

	"highball/e2e/harness"
)

// idleCost is the most memory that the front may take for an idle connection.
const idleCost = 12 << 10

// An idle connection costs little: its buffers are for those that have something to
// say. The load has the collector run, which else has no reason to.
func TestMemoryOfIdleConnections(t *testing.T) {
	if harness.Race() {
		t.Skip("the race detector takes memory of its own")
	}
	n := scaled(10_000, 4000)
	needDescriptors(t, n)
	s := perform(t)
	s.throughput(time.Second)
	before := residentSet(s.PID)
	s.idlers(n)
	var each int64
	defer func() { t.Logf("%d bytes for each of %d idle connections", each, n) }()
	harness.Eventually(t, fmt.Sprintf("at most %d bytes for each connection", idleCost), func() bool {
		s.throughput(time.Second / 10)
		each = (residentSet(s.PID) - before) / int64(n)
		return each <= idleCost
	})
}
