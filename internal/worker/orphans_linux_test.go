package worker

import (
	"context"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Not parallel: it makes this process a subreaper for its time.
func TestOrphansAreAdoptedAndReaped(t *testing.T) {
	b := newBench(t, `
import os
def app(environ, start_response):
    if os.fork() == 0:
        pid = os.fork()
        if pid == 0:
            import time
            time.sleep(600)
        open("grandchild", "w").write(str(pid))
        os._exit(0)
    start_response("200 OK", [])
    return [b"ok"]
`)
	ctx, cancel := context.WithCancel(t.Context())
	if err := b.opts.Children.AdoptOrphans(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	}()

	w := b.start()
	ask(t, w.Slots()[0], "/")
	grandchild := b.readPID("grandchild")
	if err := syscall.Kill(grandchild, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the daemon of the application is reaped", func() bool { return !exists(grandchild) })

	zygote := b.zygote.cmd.Process.Pid
	if err := syscall.Kill(zygote, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-b.zygote.exited
	if exists(zygote) {
		t.Error("the zygote is a zombie")
	}
	if err := syscall.Kill(w.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-w.Exited()
	eventually(t, "the worker without a zygote is reaped", func() bool { return !exists(w.PID()) })
}

// A process that ends before anybody could note its number keeps its exit status
// for its waiter. Not parallel: it would reap what others wait for.
func TestChildThatEndsAtOnceIsNotReaped(t *testing.T) {
	c := NewChildren()
	reaped := make(chan struct{})
	var cmd *exec.Cmd
	err := c.Start(func() (int, error) {
		cmd = exec.Command("sh", "-c", "exit 7")
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		pid := cmd.Process.Pid
		eventually(t, "it is dead", func() bool {
			var info unix.Siginfo
			err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
			return err == nil && siginfoPID(&info) == pid
		})
		go func() { c.reap(t.Context()); close(reaped) }()
		select { // the news of its death came sooner than its number
		case <-reaped:
		case <-time.After(50 * time.Millisecond):
		}
		return pid, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("its exit status is lost: %v", err)
	}
	c.Ended(cmd.Process.Pid)
	<-reaped
}
