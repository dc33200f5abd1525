//go:build !windows

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"highball"
)

// fakeServer runs until its context ends, or until Close when it is stubborn.
type fakeServer struct {
	stubborn bool
	fails    error
	preExec  error
	atDrain  func()
	drained  chan struct{} // closed when the context of Run has ended
	closed   chan struct{}

	mu      sync.Mutex
	workers int
	did     chan string // what signals made it do

	reloading atomic.Int64 // how many more times Reload finds another in progress

	health highball.Health
	hangs  chan struct{} // Health waits for it

	ready     chan struct{}
	inherited []string
	owned     chan struct{}
	handed    []string
	tooLate   error
}

func newFake() *fakeServer {
	f := &fakeServer{
		drained: make(chan struct{}), closed: make(chan struct{}), workers: 2, did: make(chan string, 1),
		ready: make(chan struct{}), owned: make(chan struct{}),
	}
	close(f.ready)
	return f
}

func (f *fakeServer) Run(ctx context.Context) error {
	if f.fails != nil {
		return f.fails
	}
	<-ctx.Done()
	if f.atDrain != nil {
		f.atDrain()
	}
	close(f.drained)
	if f.stubborn {
		<-f.closed
		return errors.New("closed")
	}
	return nil
}

func (f *fakeServer) ReloadApp(ctx context.Context, _ string) error { return f.Reload(ctx) }

func (f *fakeServer) Reload(context.Context) error {
	if f.reloading.Add(-1) >= 0 {
		return highball.ErrReloading
	}
	f.did <- "reload"
	return nil
}

func (f *fakeServer) Scale(n int) error {
	f.mu.Lock()
	f.workers = n
	f.mu.Unlock()
	f.did <- fmt.Sprint("scale ", n)
	return nil
}

func (f *fakeServer) Workers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.workers
}

func (f *fakeServer) Health() highball.Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hangs != nil {
		<-f.hangs
	}
	return f.health
}

func (f *fakeServer) PreExec() error                      { return f.preExec }
func (f *fakeServer) Ready() <-chan struct{}              { return f.ready }
func (f *fakeServer) Inherited() []string                 { return f.inherited }
func (f *fakeServer) Own() error                          { close(f.owned); return nil }
func (f *fakeServer) Sockets() ([]highball.Socket, error) { return nil, nil }
func (f *fakeServer) HandOver(addresses []string) error {
	f.handed = addresses
	return f.tooLate
}

func (f *fakeServer) StartProcess(name string, argv []string, attr *os.ProcAttr) (*os.Process, <-chan *os.ProcessState, error) {
	p, err := os.StartProcess(name, argv, attr)
	if err != nil {
		return nil, nil, err
	}
	ended := make(chan *os.ProcessState, 1)
	go func() {
		defer close(ended)
		if state, err := p.Wait(); err == nil {
			ended <- state
		}
	}()
	return p, ended, nil
}

func (f *fakeServer) Close() error {
	close(f.closed)
	return nil
}

// withSignals returns a program that takes its signals from the channel. It has
// no room, so that a signal counts as received once it is sent.
func withSignals() (*program, chan os.Signal) {
	signals := make(chan os.Signal)
	return &program{
		stdout: io.Discard, stderr: io.Discard,
		signals: func() (<-chan os.Signal, func()) { return signals, func() {} },
	}, signals
}

func serveFake(ctx context.Context, p *program, srv server) error {
	logger := slog.New(slog.DiscardHandler)
	return p.serve(ctx, srv, &presence{logs: logs{server: logger}}, manner{}, nil, &upgrader{srv: srv, reports: &reporter{}, logger: logger})
}

func TestFirstSignalDrains(t *testing.T) {
	p, signals := withSignals()
	srv := newFake()
	result := make(chan error)
	go func() { result <- serveFake(context.Background(), p, srv) }()
	signals <- syscall.SIGTERM
	if err := <-result; err != nil {
		t.Errorf("error %v after an orderly stop", err)
	}
	select {
	case <-srv.closed:
		t.Error("one signal closed the server")
	default:
	}
}

func TestSecondSignalCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, signals := withSignals()
		srv := newFake()
		srv.stubborn = true
		result := make(chan error)
		go func() { result <- serveFake(context.Background(), p, srv) }()
		signals <- os.Interrupt
		<-srv.drained
		signals <- os.Interrupt // at the same moment: the same signal, sent to the group as well
		synctest.Wait()
		select {
		case <-srv.closed:
			t.Fatal("one signal that came twice closed the server")
		case <-time.After(sameSignal):
		}
		signals <- os.Interrupt
		if err := <-result; !errors.Is(err, errCutShort) {
			t.Errorf("error %v, want %v", err, errCutShort)
		}
		<-srv.closed
	})
}

func TestServerThatEndsByItself(t *testing.T) {
	p, _ := withSignals()
	srv := newFake()
	srv.fails = errors.New("address in use")
	if err := serveFake(context.Background(), p, srv); err != srv.fails {
		t.Errorf("error %v, want %v", err, srv.fails)
	}
}

func TestRunPassesSettingsAndLogs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	p, signals := withSignals()
	var stderr bytes.Buffer
	p.stderr = &stderr
	p.environ = []string{"GOMAXPROCS=keep", "HIGHBALL_THREADS=2"}
	var got highball.Config
	p.newServer = func(cfg highball.Config) (server, error) {
		got = cfg
		cfg.AccessLog.Info("a request")
		return newFake(), nil
	}
	root := p.rootCommand()
	root.SetArgs([]string{"run", "shop:app", "--access-log", "access.log", "--log-format", "json"})
	result := make(chan error)
	go func() { result <- root.ExecuteContext(context.Background()) }()
	signals <- syscall.SIGTERM
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	if got.App != "shop:app" || got.Threads != 2 || got.Logger == nil {
		t.Errorf("config %+v", got)
	}
	access, err := os.ReadFile(filepath.Join(dir, "access.log"))
	if err != nil || !strings.Contains(string(access), "a request") {
		t.Errorf("access log %q, %v", access, err)
	}
	if !strings.Contains(stderr.String(), `"signal":"terminated"`) {
		t.Errorf("the log does not name the signal: %s", stderr.String())
	}
}

type appError struct{}

func (appError) Error() string { return "cannot import shop" }
func (appError) ExitCode() int { return exitApp }

func TestRefusedConfigIsUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct {
		err  error
		code int
	}{{errors.New("bad bind"), exitUsage}, {appError{}, exitApp}} {
		p, _ := withSignals()
		p.environ = []string{"GOMAXPROCS=keep"}
		p.newServer = func(highball.Config) (server, error) { return nil, test.err }
		root := p.rootCommand()
		root.SetArgs([]string{"run"})
		if code := report(io.Discard, root.Execute()); code != test.code {
			t.Errorf("%v: exit code %d, want %d", test.err, code, test.code)
		}
	}
}

func TestReport(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code int
		text string
	}{
		{"none", nil, exitOK, ""},
		{"plain", errors.New("broken"), exitFailure, "highball: error: broken\n"},
		{"with a code", errors.Join(appError{}), exitApp, "highball: error: cannot import shop\n"},
		{"usage", usageError{errors.Join(errors.New("one"), errors.New("two")), "highball run"}, exitUsage,
			"highball: error: one\nhighball: error: two\nsee 'highball run --help'\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := report(&stderr, test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if stderr.String() != test.text {
				t.Errorf("printed %q, want %q", stderr.String(), test.text)
			}
		})
	}
}

func TestLimitProcessors(t *testing.T) {
	runtime.SetDefaultGOMAXPROCS()
	t.Cleanup(runtime.SetDefaultGOMAXPROCS)
	all := runtime.GOMAXPROCS(0)
	limitProcessors([]string{"GOMAXPROCS=3"})
	if got := runtime.GOMAXPROCS(0); got != all {
		t.Errorf("%d processors with GOMAXPROCS set, want them left at %d", got, all)
	}
	for range 2 { // a second server in the process does not halve them again
		limitProcessors(nil)
		if got := runtime.GOMAXPROCS(0); got != max(1, all/2) {
			t.Errorf("%d processors of %d, want half", got, all)
		}
	}
}

// The signals that do not stop the server, each as gunicorn has it.
func TestSignalsThatManage(t *testing.T) {
	p, signals := withSignals()
	srv := newFake()
	result := make(chan error)
	go func() { result <- serveFake(context.Background(), p, srv) }()
	for _, step := range []struct {
		sig  syscall.Signal
		want []string
	}{
		{syscall.SIGTTIN, []string{"scale 3"}},
		{syscall.SIGTTOU, []string{"scale 2"}},
		{syscall.SIGTTOU, []string{"scale 1"}},
		{syscall.SIGTTOU, []string{"scale 1"}}, // never none
		{syscall.SIGHUP, []string{"reload"}},
		{syscall.SIGUSR1, nil}, // without an access log
	} {
		signals <- step.sig
		for _, want := range step.want {
			if got := <-srv.did; got != want {
				t.Errorf("%v: %s, want %s", step.sig, got, want)
			}
		}
	}
	signals <- syscall.SIGTERM
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// Away from a terminal SIGWINCH takes the workers away and SIGHUP brings them back.
func TestWinchAndBack(t *testing.T) {
	srv := newFake()
	c := &commands{srv: srv, reports: &reporter{}, logger: slog.New(slog.DiscardHandler)}
	for _, step := range []struct {
		sig  syscall.Signal
		want string
	}{{syscall.SIGWINCH, "scale 0"}, {syscall.SIGHUP, "scale 2"}, {0, "reload"}} {
		if step.sig != 0 && !c.obey(t.Context(), step.sig) {
			t.Fatalf("%v is not known", step.sig)
		}
		if got := <-srv.did; got != step.want {
			t.Errorf("%v: %s, want %s", step.sig, got, step.want)
		}
	}
	c.noWinch = "a terminal"
	if !c.obey(t.Context(), syscall.SIGWINCH) || srv.Workers() != 2 {
		t.Errorf("a terminal that changes its size leaves %d workers", srv.Workers())
	}
}

// What SIGHUP asks for during a reload follows it, once.
func TestReloadFollowsReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newFake()
		srv.reloading.Store(5)
		c := &commands{srv: srv, reports: &reporter{}, logger: slog.New(slog.DiscardHandler)}
		for range 3 {
			c.obey(t.Context(), syscall.SIGHUP)
		}
		synctest.Wait()
		if len(srv.did) > 0 {
			t.Error("a reload beside another")
		}
		<-time.After(time.Minute) // of virtual time
		synctest.Wait()
		if len(srv.did) != 1 || <-srv.did != "reload" {
			t.Error("no reload, or more than one")
		}
	})
}

func TestQuitStopsAtOnce(t *testing.T) {
	p, signals := withSignals()
	srv := newFake()
	srv.stubborn = true
	result := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { result <- serveFake(ctx, p, srv) }()
	signals <- syscall.SIGQUIT
	<-srv.closed
	cancel() // the fake's Run waits for it
	if err := <-result; !errors.Is(err, errCutShort) {
		t.Errorf("error %v, want %v", err, errCutShort)
	}
}
