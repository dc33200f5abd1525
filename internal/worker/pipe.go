package worker

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// end says which end of a pipe is the front's.
type end int

const (
	readEnd  end = 0
	writeEnd end = 1
)

// pipe makes a pipe of which ours goes through the runtime's poller and the
// other end blocks, as the worker wants it.
func pipe(ours end) (r, w *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	err = syscall.Pipe(fds[:])
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	if err := syscall.SetNonblock(fds[ours], true); err != nil {
		_ = syscall.Close(fds[0])
		_ = syscall.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe"), nil
}

func closeFiles(files ...*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// replyReader reads what the worker says. After the worker's death it gives out
// what is left in the pipe and then ends, whoever else holds the other end.
type replyReader struct{ s *Slot }

func (r replyReader) Read(p []byte) (int, error) {
	n, err := r.s.in.Read(p)
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	select {
	case <-r.s.worker.exited:
		return drainPipe(r.s.replies, p)
	default:
		return n, err
	}
}

// drainPipe reads once, without waiting and past any deadline.
func drainPipe(f *os.File, p []byte) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		for {
			n, err = syscall.Read(int(fd), p)
			if !errors.Is(err, syscall.EINTR) {
				return
			}
		}
	})
	switch {
	case controlErr != nil:
		return 0, controlErr
	case n > 0:
		return n, nil
	default:
		return 0, io.EOF
	}
}

// packet is what one write puts into a pipe without being mixed with another,
// and what any pipe takes without a reader: PIPE_BUF, in bytes.
const packet = 4096
