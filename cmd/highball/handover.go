//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"highball"
	"highball/internal/settings"
)

// How a process hands its sockets over to the one that takes its place. Both may be
// of different versions, so this may grow but not change:
//
//   - Descriptor 3 of the new process is one end of a Unix socket pair, those from 4
//     on are the listening sockets, with the names that handoverVariable lists.
//   - The new process writes its limit for the start, and, when it serves, which of
//     the sockets it uses (handoverReport, as JSON).
//   - The old one closes its end when the new one may take the sockets for its own.
//     If it wants the new one to go, it ends it first.
const (
	handoverFD = 3

	// LISTEN_ is systemd's prefix for the like; workers do not get such variables.
	handoverVariable = "LISTEN_HIGHBALL"
)

// handoverNames is the value of handoverVariable.
type handoverNames struct {
	Sockets []string `json:"sockets"`
}

// handoverReport is what the new process says.
type handoverReport struct {
	// StartMS bounds the start of a worker, in milliseconds; 0 means no limit.
	StartMS *int64 `json:"start_ms,omitempty"`

	Ready   bool     `json:"ready,omitempty"`
	Sockets []string `json:"sockets,omitempty"` // by the names that they were given with
}

// successor is what a process has that takes the place of another.
type successor struct {
	sockets []highball.Socket
	conn    net.Conn      // to the other
	alone   chan struct{} // closed when the other has let go
}

// newSuccessor returns nil if this process takes nobody's place.
func newSuccessor(environ []string) (*successor, error) {
	value := getenv(environ)(handoverVariable)
	if value == "" {
		return nil, nil
	}
	var names handoverNames
	if err := json.Unmarshal([]byte(value), &names); err != nil {
		return nil, fmt.Errorf("%s=%s is for highball alone: unset it: %w", handoverVariable, value, err)
	}
	s := &successor{alone: make(chan struct{})}
	for i, name := range names.Sockets {
		s.sockets = append(s.sockets, highball.Socket{Address: name, File: inheritedFile(handoverFD+1+i, name)})
	}
	file := inheritedFile(handoverFD, "upgrade")
	defer file.Close()
	var err error
	if s.conn, err = net.FileConn(file); err != nil {
		return nil, fmt.Errorf("%s is for highball alone: unset it: %w", handoverVariable, err)
	}
	return s, nil
}

// inheritedFile keeps the descriptor from the workers.
func inheritedFile(fd int, name string) *os.File {
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}

// openSockets are those that the process before hands over, or else those that a
// service manager has given. The former has the latter's, and numbers have changed.
func (s *successor) openSockets(v settings.Values, environ []string) ([]highball.Socket, error) {
	if s != nil {
		return s.sockets, nil
	}
	return givenSockets(v.List("bind"), environ)
}

// tellLimit says how long the start may take; less than 0: no limit.
func (s *successor) tellLimit(start time.Duration) {
	if s == nil {
		return
	}
	ms := max(start, 0).Milliseconds()
	s.tell(handoverReport{StartMS: &ms})
}

// takeOver returns when srv has its sockets for itself. If the process before dies
// instead of saying so, that is the same.
func (s *successor) takeOver(ctx context.Context, srv server, logger *slog.Logger) {
	if s == nil {
		return
	}
	select {
	case <-srv.Ready():
	case <-ctx.Done(): // it was not to be
		return
	}
	s.tell(handoverReport{Ready: true, Sockets: srv.Inherited()})
	_, _ = s.conn.Read(make([]byte, 1))
	_ = s.conn.Close()
	if err := srv.Own(); err != nil {
		logger.Error("upgrade: " + err.Error())
	}
	close(s.alone)
	logger.Info("upgrade: this process has taken over")
}

// tell does not fail: a process before that is no longer there needs to know nothing.
func (s *successor) tell(r handoverReport) { _ = json.NewEncoder(s.conn).Encode(r) }

// isAlone says whether no other process has the sockets, too.
func (s *successor) isAlone() bool {
	if s == nil {
		return true
	}
	select {
	case <-s.alone:
		return true
	default:
		return false
	}
}
