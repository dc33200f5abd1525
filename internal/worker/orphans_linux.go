package worker

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// AdoptOrphans makes this process the parent of what its descendants leave
// behind (workers whose zygote died, daemons of the application), and reaps
// them until ctx ends. It is for a process that exists for this server alone.
func (c *Children) AdoptOrphans(ctx context.Context) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	go func() {
		defer signal.Stop(died)
		for {
			select {
			case <-died:
				c.reap(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

// reap waits for each dead child but those that have a waiter of their own.
func (c *Children) reap(ctx context.Context) {
	for ctx.Err() == nil {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		pid := siginfoPID(&info)
		if err != nil || pid == 0 {
			return
		}
		if !c.ifOrphan(pid, func() { _, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil) }) {
			time.Sleep(time.Millisecond) // until its waiter has it; others may stand behind it
		}
	}
}
