//go:build !windows

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// In gunicorn's manner SIGINT and SIGQUIT stop at once, and that is no failure; SIGTERM
// drains as ever.
func TestQuickStop(t *testing.T) {
	for sig, closes := range map[os.Signal]bool{os.Interrupt: true, syscall.SIGQUIT: true, syscall.SIGTERM: false} {
		p, signals := withSignals()
		srv := newFake()
		srv.stubborn = closes // a drain would not end
		ctx, cancel := context.WithCancel(context.Background())
		srv.atDrain = func() {}
		logger := slog.New(slog.DiscardHandler)
		up := &upgrader{srv: srv, reports: &reporter{}, logger: logger}
		result := make(chan error)
		go func() {
			result <- p.serve(ctx, srv, &presence{logs: logs{server: logger}}, manner{quickStop: true}, nil, up)
		}()
		signals <- sig
		if closes {
			<-srv.closed
			cancel() // the fake ends with its context, a server by Close as well
		}
		if err := <-result; err != nil {
			t.Errorf("%v: %v", sig, err)
		}
		cancel()
	}
}

// Until the process before has let go, the pid file is that one's.
func TestPidFileWaitsForTheProcessBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(path, []byte("1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	values := resolved(t, "--pid-file", path)
	synctest.Test(t, func(t *testing.T) {
		place := &successor{alone: make(chan struct{})}
		logger := slog.New(slog.DiscardHandler)
		as, err := newPresence(values, place, nil, logs{server: logger})
		if err != nil {
			t.Fatal(err)
		}
		if err := as.prepare(); err != nil {
			t.Fatal(err)
		}
		go as.run(t.Context(), newFake(), place)
		synctest.Wait()
		if text, _ := os.ReadFile(path); string(text) != "1\n" {
			t.Errorf("before the other has let go the file has %q", text)
		}
		close(place.alone)
		synctest.Wait()
		if text, _ := os.ReadFile(path); string(text) != fmt.Sprintf("%d\n", os.Getpid()) {
			t.Errorf("then the file has %q", text)
		}
		as.end(true) // another has taken over, which will write it
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		as.end(false)
		if _, err := os.Stat(path); err == nil {
			t.Error("the file is still there")
		}
	})
}

// Nobody gets a file that is called syslog.
func TestSyslogIsRefused(t *testing.T) {
	for _, line := range [][]string{{"--error-log", "syslog"}, {"--error-log", "syslog://127.0.0.1:514"}, {"--access-log", "syslog:"}} {
		p, _ := withSignals()
		root := p.rootCommand()
		t.Chdir(t.TempDir())
		root.SetArgs(append([]string{"run"}, line...))
		err := root.Execute()
		if code := report(io.Discard, err); code != exitUsage || !strings.Contains(err.Error(), line[0][2:]+": syslog is not spoken") {
			t.Errorf("%v: exit code %d, %v", line, code, err)
		}
	}
}

func TestNoWinch(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, test := range []struct {
		manner   manner
		detached bool
		want     string
	}{
		{manner{}, false, ""}, // the null device is no terminal
		{manner{winchForDaemons: true}, false, "this is no daemon"},
		{manner{winchForDaemons: true}, true, ""},
	} {
		if got := noWinch(null, test.manner, test.detached); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

// What gunicorn takes for a dash, a verb in its manner does as well, and says so.
func TestUnknownAtom(t *testing.T) {
	dir := t.TempDir()
	values := resolved(t, "--access-log-format", "%(h)s %(zz)s", "--error-log", filepath.Join(dir, "log"))
	if _, err := accessForm(values, manner{}); err == nil || !strings.Contains(err.Error(), "access-log-format: no such atom: zz") {
		t.Error(err)
	}
	form, err := accessForm(values, manner{dashes: true})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := withSignals()
	opened, err := p.openLogs(values, form)
	if err != nil {
		t.Fatal(err)
	}
	opened.close()
	if text, _ := os.ReadFile(filepath.Join(dir, "log")); !strings.Contains(string(text), "no such atom: zz") {
		t.Errorf("the log says %q", text)
	}
}
