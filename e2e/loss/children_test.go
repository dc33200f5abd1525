package loss

import (
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// holding starts a server with a worker that has a child which holds all that the
// worker has. The worker's request waits at a gate.
func holding(t *testing.T, path string) (s *scene, worker *harness.Visitor, child int) {
	t.Helper()
	s = perform(t, 2)
	s.start()
	gate := harness.NewGate(t)
	s.Dial(t).Send(harness.Request("GET", s.path(path+"?"+gate.Query()+"&id=", "parent")))
	worker = gate.Arrival()
	for number := range s.ledger.Read().Child {
		child, _ = strconv.Atoi(number)
	}
	if held, had := descriptors(child), descriptors(worker.PID); held < had/2 || held == 0 {
		t.Fatalf("the child has %d descriptors, and the worker %d: nothing is held", held, had)
	}
	return s, worker, child
}

// holders are the ways to have such a child.
var holders = []string{"/forks", "/spawns"}

// The death of a worker is noticed though a child of it has its descriptors.
func TestWorkerWithAChildIsKilled(t *testing.T) {
	t.Parallel()
	for _, path := range holders {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			s, worker, child := holding(t, path)
			s.kill(worker.PID, syscall.SIGKILL)
			s.WaitText(t, "worker died")
			s.awaitReady(2)
			s.goesOn()
			a := s.settle(s.crowd.Stop(), terms{victims: []int{worker.PID}, threads: 1, statuses: []int{502}})
			if !slices.Contains(s.Processes(), child) {
				t.Error("the child is gone: nothing was held")
			}
			if a.statuses[200] == 0 {
				t.Error("nobody was served")
			}
			s.stopBeside(child)
		})
	}
}

// Such a child holds up neither a reload nor a stop.
func TestDrainWithAChild(t *testing.T) {
	t.Parallel()
	for _, path := range holders {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			s, worker, child := holding(t, path)
			worker.Go()
			s.reload(1, newCodeServes)
			s.awaitEnd(worker.PID)
			s.goesOn()
			s.wantAllServed(s.crowd.Stop())
			s.stopBeside(child)
		})
	}
}

// stopBeside stops the server, which must not wait for the child.
func (s *scene) stopBeside(child int) {
	s.t.Helper()
	s.kill(s.PID, syscall.SIGTERM)
	err := s.Exit()
	s.kill(child, syscall.SIGKILL)
	if err != nil {
		s.t.Error(err)
	}
	s.awaitEnd(child)
}

func descriptors(pid int) int {
	entries, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	return len(entries)
}
