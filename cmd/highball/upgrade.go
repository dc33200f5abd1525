//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"highball"
)

const (
	// upgradeMargin is what a new process may take beyond its start-timeout.
	upgradeMargin = 10 * time.Second

	// upgradeGrace is how long a new process that is not wanted may take to end.
	upgradeGrace = 5 * time.Second
)

// upgrade is a new process that is to take the place of this one.
type upgrade struct {
	process *os.Process
	ended   <-chan *os.ProcessState
	conn    *os.File // to the process
	said    chan handoverReport
}

// startUpgrade starts the program of self again, with srv's sockets.
func startUpgrade(srv server, self self) (*upgrade, error) {
	sockets, err := srv.Sockets()
	if err != nil {
		return nil, err
	}
	defer closeSockets(sockets)
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	names := handoverNames{}
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr, theirs}
	for _, s := range sockets {
		names.Sockets = append(names.Sockets, s.Address)
		files = append(files, s.File)
	}
	value, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	u := &upgrade{conn: ours, said: make(chan handoverReport)}
	u.process, u.ended, err = srv.StartProcess(self.path, self.args, &os.ProcAttr{
		Dir: self.dir, Env: append(slices.Clip(self.environ), handoverVariable+"="+string(value)), Files: files,
	})
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("cannot start the new process: %w", err)
	}
	go u.listen()
	return u, nil
}

func closeSockets(sockets []highball.Socket) {
	for _, s := range sockets {
		_ = s.File.Close()
	}
}

// socketPair makes two connected Unix sockets; ours does not block.
func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = syscall.SetNonblock(fds[0], true)
	}
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "upgrade"), os.NewFile(uintptr(fds[1]), "upgrade"), nil
}

// listen passes on what the process says.
func (u *upgrade) listen() {
	defer close(u.said)
	for decoder := json.NewDecoder(u.conn); ; {
		var r handoverReport
		if decoder.Decode(&r) != nil {
			return // it has ended, or will not be ready
		}
		u.said <- r
	}
}

// await returns the sockets that the process uses, once it serves. It has to within
// start and margin; less than 0: no limit. What it says itself counts more than start.
func (u *upgrade) await(ctx context.Context, start, margin time.Duration) (sockets []string, err error) {
	end := newDeadline(start, margin)
	defer func() { end.stop() }()
	for said := u.said; ; {
		select {
		case r, ok := <-said:
			switch {
			case !ok:
				said = nil // how it ends is still to come
			case r.Ready:
				return r.Sockets, nil
			case r.StartMS != nil:
				end.stop()
				end = newDeadline(time.Duration(*r.StartMS)*time.Millisecond, margin)
			}
		case state, known := <-u.ended:
			if !known {
				return nil, errors.New("the new process ended before it was ready")
			}
			return nil, fmt.Errorf("the new process ended before it was ready: %s", state)
		case <-end.over():
			return nil, fmt.Errorf("the new process was not ready within %s: it is killed; raise --start-timeout if it needs longer", end.after)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// deadline is a timer that may be none.
type deadline struct {
	after time.Duration
	timer *time.Timer
}

func newDeadline(start, margin time.Duration) deadline {
	if start <= 0 {
		return deadline{}
	}
	return deadline{start + margin, time.NewTimer(start + margin)}
}

func (d deadline) over() <-chan time.Time {
	if d.timer == nil {
		return nil
	}
	return d.timer.C
}

func (d deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// letGo tells the process that the sockets are its own.
func (u *upgrade) letGo() {
	_ = u.conn.Close()
	go u.drainReports()
}

// abandon ends the process. It gets a moment to do so in good order, and keeps its
// hands off the sockets as long as it was not told that they are its own.
func (u *upgrade) abandon(grace time.Duration) {
	_ = u.process.Signal(syscall.SIGTERM)
	select {
	case <-u.ended:
	case <-time.After(grace):
		_ = u.process.Kill()
		<-u.ended
	}
	u.letGo()
}

// drainReports has listen end, whatever it still has to say.
func (u *upgrade) drainReports() {
	for range u.said {
	}
}
