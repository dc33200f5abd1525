package hostile

import (
	"maps"
	"slices"
	"strings"
	"syscall"

	"highball/e2e/harness"
)

// goroutines ends the server by SIGABRT, on which Go's runtime prints the stack of
// each goroutine, and returns what started these: how many each.
func (s *scene) goroutines() (by map[string]int, all int) {
	s.t.Helper()
	if err := s.Signal(syscall.SIGABRT); err != nil {
		s.t.Fatal(err)
	}
	<-s.Ended()
	harness.Eventually(s.t, "the workers have followed", func() bool { return len(s.Processes()) == 0 })
	_ = s.Leave()
	by = map[string]int{}
	for _, e := range s.Find(func(e harness.Entry) bool {
		return strings.HasPrefix(e.Raw, "goroutine ") || strings.HasPrefix(e.Raw, "created by ")
	}) {
		if what, created := strings.CutPrefix(e.Raw, "created by "); created {
			what, _, _ = strings.Cut(what, " in goroutine")
			by[what]++
		} else {
			all++
		}
	}
	return by, all
}

// leavesNoGoroutine ends the server, and fails the test if more goroutines run than
// in one that has just begun.
func (s *scene) leavesNoGoroutine() {
	s.t.Helper()
	const spare = 4 // idle ones of the runtime, a connection to the control socket
	_, fresh := perform(s.t).goroutines()
	by, all := s.goroutines()
	s.t.Logf("%d goroutines at the end, %d in a server that has just begun", all, fresh)
	if fresh == 0 || all > fresh+spare {
		for _, what := range slices.Sorted(maps.Keys(by)) {
			s.t.Errorf("%4d by %s", by[what], what)
		}
	}
}
