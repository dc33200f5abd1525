package highball_test

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"highball"
)

// How a process of StartProcess ends is known, also where orphans are reaped. Not
// parallel: it makes this process a subreaper for its time.
func TestStartProcess(t *testing.T) {
	srv := site(t, func(cfg *highball.Config) { cfg.Standalone = true })
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = srv.Close()
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	}()
	for range 20 {
		p, ended, err := srv.StartProcess("/bin/sh", []string{"sh", "-c", "exit 7"}, &os.ProcAttr{})
		if err != nil {
			t.Fatal(err)
		}
		if state, known := <-ended; !known || state.ExitCode() != 7 || state.Pid() != p.Pid {
			t.Fatalf("it ended with %v", state)
		}
	}
	if _, _, err := srv.StartProcess("/nowhere/sh", nil, &os.ProcAttr{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
