//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"highball"
)

// fakeManager is systemd's end: it takes the messages of a reporter.
type fakeManager struct {
	t    *testing.T
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) *fakeManager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "n")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &fakeManager{t, path, conn}
}

// reporter is one that looks often.
func (m *fakeManager) reporter(srv server, environ ...string) *reporter {
	r := newReporter(srv, append(environ, "NOTIFY_SOCKET="+m.path), slog.New(slog.DiscardHandler))
	r.every = min(r.every, 10*time.Millisecond)
	return r
}

// hears waits for a message that has all of these assignments.
func (m *fakeManager) hears(assignments ...string) []string {
	m.t.Helper()
	message := make([]byte, 4096)
	_ = m.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		n, err := m.conn.Read(message)
		if err != nil {
			m.t.Fatalf("systemd was never told %q: %v", assignments, err)
		}
		lines := strings.Split(string(message[:n]), "\n")
		if !slices.ContainsFunc(assignments, func(a string) bool { return !slices.Contains(lines, a) }) {
			return lines
		}
	}
}

// hearsNothing listens for a while.
func (m *fakeManager) hearsNothing(of string) {
	m.t.Helper()
	message := make([]byte, 4096)
	_ = m.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	for {
		n, err := m.conn.Read(message)
		if err != nil {
			return
		}
		if strings.Contains(string(message[:n]), of) {
			m.t.Errorf("systemd was told %q", message[:n])
		}
	}
}

func starting() *fakeServer {
	srv := newFake()
	srv.ready = make(chan struct{})
	srv.health = highball.Health{State: "starting", Workers: 2}
	return srv
}

func (f *fakeServer) becomes(h highball.Health) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.health = h
}

func TestReportsOfALife(t *testing.T) {
	m, srv := newManager(t), starting()
	r := m.reporter(srv)
	go r.run(t.Context(), nil)
	m.hears("STATUS=starting: 0 of 2 workers", "EXTEND_TIMEOUT_USEC=20000000")
	close(srv.ready)
	srv.becomes(highball.Health{State: "ready", Workers: 2, Ready: 2})
	m.hears("READY=1")
	m.hears("STATUS=ready: 2 of 2 workers")
	srv.becomes(highball.Health{State: "failing", Workers: 2, Err: errors.New("no\nmodule")})
	m.hears("STATUS=failing: 0 of 2 workers: no module")

	r.reloading()
	lines := m.hears("RELOADING=1")
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "MONOTONIC_USEC=") }) {
		t.Errorf("a reload without its time: %q", lines)
	}
	m.hears("EXTEND_TIMEOUT_USEC=20000000")
	r.reloading()
	r.reloaded(nil)
	m.hearsNothing("READY=1")
	r.reloaded(errors.New("syntax"))
	m.hears("READY=1")
	m.hears("STATUS=failing: 0 of 2 workers, the last reload failed: see the log: no module")

	r.isStopping()
	m.hears("STOPPING=1")
	srv.becomes(highball.Health{State: "draining", InFlight: 3})
	m.hears("STATUS=draining: 3 requests in progress", "EXTEND_TIMEOUT_USEC=20000000")
	r.reloading()
	r.reloaded(nil)
	m.hearsNothing("READY=1")
}

// "highball ctl stop" sends no signal.
func TestReportsAStopOfItsOwn(t *testing.T) {
	m, srv := newManager(t), newFake()
	srv.becomes(highball.Health{State: "draining"})
	go m.reporter(srv).run(t.Context(), nil)
	m.hears("STOPPING=1")
	m.hearsNothing("STOPPING=1")
}

// The watchdog hears of a server that answers, and of no other.
func TestReportsToTheWatchdog(t *testing.T) {
	m, srv := newManager(t), newFake()
	srv.hangs = make(chan struct{})
	r := m.reporter(srv, "WATCHDOG_USEC=20000000", fmt.Sprintf("WATCHDOG_PID=%d", os.Getpid()))
	if r.watchdog != 20*time.Second {
		t.Fatalf("watchdog: %v", r.watchdog)
	}
	go r.run(t.Context(), nil)
	m.hearsNothing("WATCHDOG=1")
	close(srv.hangs)
	m.hears("WATCHDOG=1")
	m.hears("WATCHDOG=1")
}

func TestNoWatchdog(t *testing.T) {
	m, srv := newManager(t), newFake()
	go m.reporter(srv, "WATCHDOG_USEC=20000000", "WATCHDOG_PID=1").run(t.Context(), nil)
	m.hears("READY=1")
	m.hearsNothing("WATCHDOG=1")
	for usec, want := range map[string]time.Duration{"4000000": 2 * time.Second, "60000000": reportEvery} {
		if r := newReporter(srv, []string{"WATCHDOG_USEC=" + usec}, nil); r.every != want {
			t.Errorf("%s us: every %v, want %v", usec, r.every, want)
		}
	}
}

// Who takes another's place says nothing before that has let go, and that one says
// nothing afterwards.
func TestReportsOfAnUpgrade(t *testing.T) {
	m, srv := newManager(t), newFake()
	old, next := m.reporter(srv), m.reporter(srv)
	place := &successor{alone: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go next.run(ctx, place)
	m.hearsNothing("=")
	old.begin()
	if err := old.leave(4711); err != nil {
		t.Fatal(err)
	}
	m.hears("MAINPID=4711")
	old.isStopping()
	old.reloading()
	m.hearsNothing("=")
	close(place.alone)
	m.hears("READY=1")
}

// A manager that is gone is told of once.
func TestNobodyListens(t *testing.T) {
	var lines atomic.Int64
	srv := newFake()
	r := newReporter(srv, []string{"NOTIFY_SOCKET=" + filepath.Join(t.TempDir(), "none")}, slog.New(counter{slog.DiscardHandler, &lines}))
	r.begin()
	r.isReady()
	r.isReady()
	if n := lines.Load(); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}

// counter counts lines.
type counter struct {
	slog.Handler
	lines *atomic.Int64
}

func (c counter) Enabled(context.Context, slog.Level) bool { return true }

func (c counter) Handle(context.Context, slog.Record) error {
	c.lines.Add(1)
	return nil
}

// The next process of an upgrade has another number: the watchdog is to be its own.
func TestWatchdogOfTheNext(t *testing.T) {
	own, other := fmt.Sprintf("WATCHDOG_PID=%d", os.Getpid()), "WATCHDOG_PID=1"
	for watched, want := range map[string][]string{own: {"WATCHDOG_USEC=9"}, other: {other, "WATCHDOG_USEC=9"}} {
		self, err := findSelf([]string{"sh"}, []string{watched, "WATCHDOG_USEC=9"})
		if err != nil || !slices.Equal(self.environ, want) {
			t.Errorf("%s: the next one has %v, %v; want %v", watched, self.environ, err, want)
		}
	}
}
