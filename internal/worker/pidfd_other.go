//go:build !linux

package worker

import (
	"os"
	"syscall"
)

func openPidfd(int) *os.File { return nil }

func awaitPidfd(*os.File) {} // no pidfd ever comes

func sendSignal(pid int, _ *os.File, sig syscall.Signal) error { return syscall.Kill(pid, sig) }
