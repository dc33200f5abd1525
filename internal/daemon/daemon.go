//go:build !windows

// Package daemon has a program go on in the background.
//
// Go cannot fork, so the program is started once more, in a session of its own. Unlike
// what daemons usually do, it keeps the terminal's output until it says that it is ready,
// and who started it waits for that: what goes wrong is seen, and has an exit code.
package daemon

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Variable tells the process that it is the one in the background. LISTEN_ is a prefix
// that workers do not get, nor the process that takes its place.
const Variable = "LISTEN_HIGHBALL_DAEMON"

// readyFD is where it says that it is ready.
const readyFD = 3

// Program is what is to go on in the background.
type Program struct {
	Path string
	Args []string
	Dir  string
	Env  []string
}

// Start starts p and returns when it is ready (nil), or how it has ended before. It is
// ended by a signal that comes meanwhile.
func Start(p Program, signals <-chan os.Signal) (*os.ProcessState, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	process, err := os.StartProcess(p.Path, p.Args, &os.ProcAttr{
		Dir: p.Dir, Env: append(p.Env[:len(p.Env):len(p.Env)], Variable+"=1"),
		Files: []*os.File{null, os.Stdout, os.Stderr, w}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	_ = w.Close()
	if err != nil {
		return nil, fmt.Errorf("cannot start the process in the background: %w", err)
	}
	return await(process, r, signals)
}

func await(process *os.Process, r *os.File, signals <-chan os.Signal) (*os.ProcessState, error) {
	said := make(chan bool, 1)
	go func() {
		n, _ := r.Read(make([]byte, 1))
		said <- n > 0
	}()
	for {
		select {
		case sig := <-signals:
			_ = process.Signal(sig)
		case ready := <-said:
			if ready {
				return nil, process.Release()
			}
			return process.Wait()
		}
	}
}

// Child is the process in the background.
type Child struct{ ready *os.File }

// Inherited returns nil if this process is none.
func Inherited(environ []string) *Child {
	for _, entry := range environ {
		if strings.HasPrefix(entry, Variable+"=") {
			syscall.CloseOnExec(readyFD)
			return &Child{ready: os.NewFile(readyFD, "ready")}
		}
	}
	return nil
}

// Ready tells who waits that the program has started. It may have given up waiting.
func (c *Child) Ready() {
	_, _ = c.ready.Write([]byte{1})
	_ = c.ready.Close()
}

// Detach has what is written to standard output and error go to f instead; nil: nowhere.
func Detach(f *os.File) error {
	if f == nil {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer null.Close()
		f = null
	}
	return errors.Join(dup(f, 1), dup(f, 2))
}

func dup(f *os.File, to int) error {
	return os.NewSyscallError("dup2", unix.Dup2(int(f.Fd()), to))
}
