package e2e

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// drains is how often each case is tried.
const drains = 5

// SIGTERM under load, to the front alone or to each of its processes at once,
// loses no request on a connection that was accepted. On TCP the kernel may have
// accepted one more while the front closes its socket, which is reset.
func TestDrainLosesNothing(t *testing.T) {
	t.Parallel()
	for name, term := range map[string]func(*harness.Server) error{
		"the front": func(s *harness.Server) error { return s.Signal(syscall.SIGTERM) },
		"every process": func(s *harness.Server) error {
			for _, pid := range s.Processes() {
				if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(name+" "+network, func(t *testing.T) {
				t.Parallel()
				var sum harness.LoadReport
				kernel := 0
				for range drains {
					report := drainUnderLoad(t, network, term)
					for _, loss := range report.Losses {
						if network == "tcp" && loss.NoAnswer() {
							kernel++
						} else {
							t.Errorf("lost: %v", loss)
						}
					}
					sum.Answered += report.Answered
					sum.Told += report.Told
					sum.Refused += report.Refused
				}
				t.Logf("%d drains: %d answers, %d clients told to close, %d refused at connect, %d connections reset before they were accepted",
					drains, sum.Answered, sum.Told, sum.Refused, kernel)
				if sum.Told == 0 || sum.Refused == 0 {
					t.Error("nobody asked during a drain: this proves nothing")
				}
				if kernel > drains {
					t.Errorf("%d connections were reset: more than one in each drain is not a race", kernel)
				}
			})
		}
	}
}

func drainUnderLoad(t *testing.T, network string, term func(*harness.Server) error) harness.LoadReport {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	s := tree(t, "--bind", "unix:"+socket)
	load := &harness.Load{Network: network, Address: s.Address, Path: "/hello", KeepAlive: 16, OneShot: 8}
	if network == "unix" {
		load.Address = socket
	}
	load.Start()
	for deadline := time.Now().Add(harness.Patience); load.Answered() < 200; {
		if time.Now().After(deadline) {
			t.Fatalf("only %d answers", load.Answered())
		}
		<-time.After(time.Millisecond)
	}
	if err := term(s); err != nil {
		t.Error(err)
	}
	report := load.Wait()
	if err := s.Exit(); err != nil {
		t.Error(err)
	}
	if n := s.Count("were cut"); n > 0 {
		t.Error("the log says that requests were cut")
	}
	return report
}
