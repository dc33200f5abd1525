package worker

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// siginfoPID reads si_pid of a SIGCHLD's siginfo_t, which x/sys leaves opaque:
// three ints, on 64-bit systems padded to four, then the pid.
func siginfoPID(info *unix.Siginfo) int {
	const offset = 4 * 4
	return int(*(*int32)(unsafe.Pointer(uintptr(unsafe.Pointer(info)) + offset)))
}
