package certs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"highball/internal/certs/certstest"
)

// Who asks how it is with the certificates learns of what the log has said once.
func TestStates(t *testing.T) {
	issued := certstest.Root(t, "a root").Issue(t, []string{"a.test", "b.test"})
	pair, clock := files(t, t.TempDir(), "x", issued), newClock()
	s, _ := open(t, Options{Pairs: []Pair{pair}, Now: clock.Now})
	has := func(problem string) {
		t.Helper()
		states := s.States()
		if len(states) != 1 || !slices.Equal(states[0].Names, []string{"a.test", "b.test"}) || states[0].From != pair.String() || states[0].Until.IsZero() {
			t.Fatalf("got %+v", states)
		}
		if got := states[0].Problem; (got == "") != (problem == "") || !strings.Contains(got, problem) {
			t.Errorf("the problem is %q, want %q", got, problem)
		}
	}
	has("")
	writeInPlace(t, pair.Cert, issued.Cert[:len(issued.Cert)/2])
	s.Reload()
	has("not written whole")
	writeInPlace(t, pair.Cert, issued.Cert)
	s.Reload()
	has("")
	clock.add(100 * 365 * 24 * time.Hour)
	has("has expired")
}
