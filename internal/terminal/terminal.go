//go:build linux || darwin

// Package terminal knows whether a file is a terminal, and gives one back as it was found:
// a debugger that is ended in the middle of a line leaves it without an echo.
package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// Is says whether f is a terminal.
func Is(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	return err == nil
}

// Keep notes how the terminal f is; what it returns has it be so again. Without a terminal
// that does nothing.
func Keep(f *os.File) (restore func()) {
	found, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	if err != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(int(f.Fd()), setTermios, found) }
}
