package hostile

import (
	"strings"
	"syscall"

	"highball/e2e/harness"
)

// goroutines ends the server by SIGABRT, on which Go's runtime prints the stack of
// each goroutine, and returns these.
func (s *scene) goroutines() (stacks []string) {
	s.t.Helper()
	from := len(s.Find(func(harness.Entry) bool { return true }))
	if err := s.Signal(syscall.SIGABRT); err != nil {
		s.t.Fatal(err)
	}
	<-s.Ended()
	harness.Eventually(s.t, "the workers have followed", func() bool { return len(s.Processes()) == 0 })
	_ = s.Leave()
	for _, e := range s.Find(func(harness.Entry) bool { return true })[from:] {
		if strings.HasPrefix(e.Raw, "goroutine ") {
			stacks = append(stacks, "")
		}
		if len(stacks) > 0 {
			stacks[len(stacks)-1] += e.Raw + "\n"
		}
	}
	return stacks
}

// leavesNoGoroutine ends the server, and fails the test if more goroutines run than
// in one that has just begun.
func (s *scene) leavesNoGoroutine() {
	s.t.Helper()
	const spare = 4 // idle ones of the runtime, a connection to the control socket
	fresh := perform(s.t).goroutines()
	stacks := s.goroutines()
	s.t.Logf("%d goroutines at the end, %d in a server that has just begun", len(stacks), len(fresh))
	if len(fresh) == 0 || len(stacks) > len(fresh)+spare {
		s.t.Errorf("the stacks:\n%s", strings.Join(stacks, "\n"))
	}
}
