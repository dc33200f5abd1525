package harness

import (
	"testing"
	"time"
)

// Eventually fails the test unless what is asked becomes true within Patience. It
// is for what no event tells of.
func Eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(Patience); !yes(); <-ticker.C {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", Patience, what)
		}
	}
}
