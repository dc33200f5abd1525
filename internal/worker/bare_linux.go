package worker

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// withoutCapabilities has start make a process that has none of the capabilities which
// this one was given to bind ports with. Ambient ones outlive an exec, and belong to
// threads: the thread that makes the process gives its own up, and ends.
func withoutCapabilities(start func() (pid int, err error)) (pid int, err error) {
	if !hasAmbient() {
		return start()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocks: no other goroutine is to have this thread
		if err = giveUpCapabilities(); err == nil {
			pid, err = start()
		}
	}()
	<-done
	return pid, err
}

// hasAmbient asks for each capability: there is no call that tells them all.
func hasAmbient() bool {
	for c := range unix.CAP_LAST_CAP + 1 {
		set, err := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, uintptr(c), 0, 0)
		if err == nil && set == 1 {
			return true
		}
	}
	return false
}

// giveUpCapabilities empties the sets of this thread that others would inherit.
func giveUpCapabilities() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // version 3 has 64 bits, in two parts
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	return unix.Capset(&header, &data[0])
}
