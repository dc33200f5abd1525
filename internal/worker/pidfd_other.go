//go:build !linux

package worker

import (
	"os"
	"syscall"
)

func awaitPidfd(*os.File) {} // no pidfd ever comes

func signalKill(pid int, _ *os.File) error { return syscall.Kill(pid, syscall.SIGKILL) }
