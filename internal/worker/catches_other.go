//go:build !linux

package worker

import "syscall"

// catches is never asked: the signal that it is for exists on Linux only.
func catches(int, syscall.Signal) bool { return false }
