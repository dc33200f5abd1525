//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A new process has its start-timeout and a margin; the one that it names itself
// counts more than the old process's.
func TestUpgradeLimit(t *testing.T) {
	ms := func(n int64) handoverReport { return handoverReport{StartMS: &n} }
	for _, test := range []struct {
		name    string
		start   time.Duration
		says    []handoverReport
		readyAt time.Duration // 0: never
		want    string
	}{
		{"in time", time.Minute, nil, 69 * time.Second, ""},
		{"too late", time.Minute, nil, 71 * time.Second, "not ready within 1m10s"},
		{"a longer one of its own", time.Minute, []handoverReport{ms(120e3)}, 129 * time.Second, ""},
		{"a shorter one of its own", time.Minute, []handoverReport{ms(10e3)}, 21 * time.Second, "not ready within 20s"},
		{"none", -1, nil, 24 * time.Hour, ""},
		{"none of its own", time.Minute, []handoverReport{ms(0)}, 24 * time.Hour, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &upgrade{said: make(chan handoverReport, 2), ended: make(chan *os.ProcessState)}
				for _, r := range test.says {
					u.said <- r
				}
				time.AfterFunc(test.readyAt, func() { u.said <- handoverReport{Ready: true, Sockets: []string{"a"}} })
				sockets, err := u.await(t.Context(), test.start, upgradeMargin)
				if test.want == "" && (err != nil || !slices.Equal(sockets, []string{"a"})) {
					t.Errorf("got %v, %v", sockets, err)
				}
				if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("error %v, want %q", err, test.want)
				}
			})
		})
	}
}

// upgradeTo returns an upgrader whose new process is a shell that runs script.
func upgradeTo(t *testing.T, srv server, script string) (*upgrader, *strings.Builder) {
	t.Helper()
	log := &strings.Builder{}
	return &upgrader{
		srv: srv, reports: &reporter{}, logger: slog.New(slog.NewTextHandler(log, nil)), start: time.Minute, grace: time.Minute,
		self: self{path: "/bin/sh", args: []string{"highball", "-c", script}, dir: t.TempDir(), environ: os.Environ()},
	}, log
}

func TestUpgradeHandsOver(t *testing.T) {
	name := filepath.Join(t.TempDir(), "n")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	p, signals := withSignals()
	srv := newFake()
	// It is ready, and ends well if it is told that the sockets are its own.
	up, log := upgradeTo(t, srv, `echo '{"start_ms":1000}' >&3; echo '{"ready":true,"sockets":["a","b"]}' >&3; read end <&3; echo "$PWD $LISTEN_HIGHBALL" > told`)
	up.reports = newReporter(srv, []string{"NOTIFY_SOCKET=" + name}, up.logger)
	result := make(chan error)
	go func() {
		result <- p.serve(context.Background(), srv, &presence{logs: logs{server: up.logger}}, manner{}, nil, up)
	}()
	signals <- syscall.SIGUSR2
	if err := <-result; err != nil {
		t.Errorf("the old process ends with %v", err)
	}
	if !slices.Equal(srv.handed, []string{"a", "b"}) {
		t.Errorf("handed over %v", srv.handed)
	}
	message := make([]byte, 1000)
	n, err := manager.Read(message)
	for err == nil && !strings.HasPrefix(string(message[:n]), "MAINPID=") { // before that, how it is
		n, err = manager.Read(message)
	}
	if err != nil || !strings.HasPrefix(string(message[:n]), "MAINPID=") || !strings.Contains(log.String(), "pid="+string(message[8:n])) {
		t.Errorf("systemd was told %q, %v", message[:n], err)
	}
	told := filepath.Join(up.self.dir, "told")
	for deadline := time.Now().Add(10 * time.Second); ; {
		text, _ := os.ReadFile(told)
		if string(text) == up.self.dir+` {"sockets":null}`+"\n" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new process was told %q\n%s", text, log)
		}
	}
}

// A new process that is not wanted is killed if it does not want to go.
func TestUpgradeIsGivenUp(t *testing.T) {
	p, signals := withSignals()
	srv := newFake()
	up, log := upgradeTo(t, srv, `trap '' TERM; echo $$ > pid; exec sleep 600`)
	up.grace = time.Millisecond
	var pid int
	srv.atDrain = func() { // connections that come after it are not to wait for nobody
		if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			t.Errorf("process %d lives on", pid)
		}
	}
	result := make(chan error)
	go func() {
		result <- p.serve(context.Background(), srv, &presence{logs: logs{server: up.logger}}, manner{}, nil, up)
	}()
	signals <- syscall.SIGUSR2
	for deadline := time.Now().Add(10 * time.Second); pid == 0; {
		text, _ := os.ReadFile(filepath.Join(up.self.dir, "pid"))
		if _, err := fmt.Sscanln(string(text), &pid); err != nil && time.Now().After(deadline) {
			t.Fatal("the new process does not begin")
		}
	}
	signals <- syscall.SIGTERM
	if err := <-result; err != nil {
		t.Errorf("the old process ends with %v", err)
	}
	if srv.handed != nil || up.busy() || !strings.Contains(log.String(), "given up") {
		t.Errorf("handed over %v, in progress: %t; the log says\n%s", srv.handed, up.busy(), log)
	}
}

// A server that was told to stop by other means keeps its sockets, and the new
// process goes.
func TestUpgradeThatIsTooLate(t *testing.T) {
	p, signals := withSignals()
	srv := newFake()
	srv.tooLate = errors.New("the server is closed")
	up, log := upgradeTo(t, srv, `echo '{"ready":true,"sockets":["a"]}' >&3; exec sleep 600`)
	result := make(chan error)
	go func() {
		result <- p.serve(context.Background(), srv, &presence{logs: logs{server: up.logger}}, manner{}, nil, up)
	}()
	signals <- syscall.SIGUSR2
	if err := <-result; err != nil {
		t.Errorf("the old process ends with %v", err)
	}
	if up.done || !strings.Contains(log.String(), "given up: the server is closed") {
		t.Errorf("done: %t; the log says\n%s", up.done, log)
	}
}

func TestUpgradeIsRefused(t *testing.T) {
	notReady := newFake()
	notReady.ready = make(chan struct{})
	for want, test := range map[string]struct {
		up       upgrader
		stopping bool
	}{
		"the container's first process":  {up: upgrader{self: self{pid: 1}}},
		"another upgrade is in progress": {up: upgrader{current: &upgrade{}}},
		"about to end":                   {stopping: true},
		"is about to end":                {up: upgrader{done: true}},
		"not taken over":                 {up: upgrader{place: &successor{alone: make(chan struct{})}}},
		"not ready yet":                  {up: upgrader{srv: notReady}},
	} {
		if got := test.up.refusal(test.stopping); !strings.Contains(got, want) {
			t.Errorf("refused with %q, want %q", got, want)
		}
	}
	up := upgrader{srv: newFake(), self: self{pid: 2}}
	if got := up.refusal(false); got != "" {
		t.Errorf("refused with %q", got)
	}
}

// The hook that comes before the new process has it not start.
func TestUpgradeThatPreExecRefuses(t *testing.T) {
	srv := newFake()
	srv.preExec = errors.New("the hook pre_exec failed")
	up, log := upgradeTo(t, srv, `touch started`)
	up.begin(false)
	if up.busy() || !strings.Contains(log.String(), "upgrade failed, this process serves on: the hook pre_exec failed") {
		t.Errorf("an upgrade is in progress: %t; the log says\n%s", up.busy(), log)
	}
	if _, err := os.Stat(filepath.Join(up.self.dir, "started")); err == nil {
		t.Error("a process was started")
	}
}

// A process that takes over reports what it uses, and has it for its own when the
// other lets go, or dies.
func TestTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		srv := newFake()
		srv.inherited = []string{"a"}
		place := &successor{conn: ours, alone: make(chan struct{})}
		go func() {
			place.tellLimit(-1)
			place.takeOver(t.Context(), srv, slog.New(slog.DiscardHandler))
		}()
		var limit, ready handoverReport
		decoder := json.NewDecoder(theirs)
		if err := errors.Join(decoder.Decode(&limit), decoder.Decode(&ready)); err != nil {
			t.Fatal(err)
		}
		if limit.StartMS == nil || *limit.StartMS != 0 || limit.Ready || !ready.Ready || !slices.Equal(ready.Sockets, srv.inherited) {
			t.Errorf("it reports %+v and %+v", limit, ready)
		}
		synctest.Wait()
		select {
		case <-srv.owned:
			t.Error("it takes the sockets for its own before it was told")
		default:
		}
		if place.isAlone() {
			t.Error("it is alone before it was told")
		}
		_ = theirs.Close()
		<-srv.owned
		<-place.alone
	})
}

func TestNoSuccessor(t *testing.T) {
	if place, err := newSuccessor([]string{"PATH=/bin"}); place != nil || err != nil {
		t.Errorf("got %v, %v", place, err)
	}
	if _, err := newSuccessor([]string{handoverVariable + "=3"}); err == nil || !strings.Contains(err.Error(), "unset it") {
		t.Errorf("error %v", err)
	}
	p, _ := withSignals()
	p.environ = []string{handoverVariable + "=3"}
	root := p.rootCommand()
	root.SetArgs([]string{"run"})
	root.SetErr(io.Discard)
	if err := root.Execute(); err == nil {
		t.Error("run takes anything for sockets")
	}
}

// The program is the one that argv[0] names, by a link that an upgrade may turn.
func TestFindSelf(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	bin := filepath.Join(dir, "bin")
	if err := errors.Join(os.Mkdir(bin, 0o700), os.WriteFile("highball-1", nil, 0o700), os.WriteFile("text", nil, 0o600),
		os.Symlink("../highball-1", filepath.Join(bin, "highball"))); err != nil {
		t.Fatal(err)
	}
	running, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, path, want string }{
		{"highball", "/nowhere:" + bin, filepath.Join(bin, "highball")},
		{"highball", "bin", filepath.Join(bin, "highball")},
		{"bin/highball", "", filepath.Join(bin, "highball")},
		{"./highball-1", "", filepath.Join(dir, "highball-1")},
		{filepath.Join(bin, "highball"), "", filepath.Join(bin, "highball")},
		{"highball", "/nowhere", running},
		{"./text", "", running},
		{"./bin", "", running},
	} {
		found, err := findSelf([]string{test.name, "run"}, []string{"PATH=" + test.path, "LISTEN_FDS=1", "NOTIFY_SOCKET=/n"})
		if err != nil || found.path != test.want {
			t.Errorf("%s with PATH=%s: %s, %v; want %s", test.name, test.path, found.path, err, test.want)
		}
		if found.dir != dir || found.pid != os.Getpid() || !slices.Equal(found.environ, []string{"PATH=" + test.path, "NOTIFY_SOCKET=/n"}) {
			t.Errorf("%+v", found)
		}
	}
}
