//go:build !linux

package worker

// withoutCapabilities: only Linux has capabilities that outlive an exec.
func withoutCapabilities(start func() (pid int, err error)) (pid int, err error) { return start() }
