package manners

import (
	"path/filepath"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// One worker more and less, what SIGTTIN has made is kept by a reload, and never none.
func TestSignalsThatScale(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "c")
	s := start(t, "--control", socket)
	workers := func(what string, n int) {
		t.Helper()
		harness.Eventually(t, what, func() bool {
			status := harness.AskControl(t, socket)
			return len(status.Ready()) == n && len(status.Workers) == n
		})
	}
	signal := func(sig syscall.Signal) {
		t.Helper()
		if err := s.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	workers("the worker is there", 1)
	signal(syscall.SIGTTIN)
	workers("one more", 2)
	before := harness.AskControl(t, socket).Ready()
	signal(syscall.SIGHUP)
	harness.Eventually(t, "a reload has replaced both", func() bool {
		now := harness.AskControl(t, socket)
		ready := now.Ready()
		return len(ready) == 2 && len(now.Workers) == 2 && ready[0] != before[0] && ready[1] != before[1] && ready[0] != before[1] && ready[1] != before[0]
	})
	signal(syscall.SIGTTOU)
	workers("one less", 1)
	signal(syscall.SIGTTOU)
	signal(syscall.SIGHUP)
	workers("still one", 1)
	// Standard input is the null device, as under a service manager: no terminal.
	signal(syscall.SIGWINCH)
	workers("none", 0)
	signal(syscall.SIGHUP)
	workers("there again", 1)
}
