//go:build !windows

package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball"
	"highball/internal/obs"
	"highball/internal/settings"
)

// devResolved are the settings that a command line of dev stands for.
func devResolved(t *testing.T, environ []string, line ...string) settings.Values {
	t.Helper()
	p := &program{environ: environ}
	cmd := p.devCommand()
	if err := cmd.ParseFlags(line); err != nil {
		t.Fatal(err)
	}
	flags := &devFlags{https: cmd.Flags().Changed("https")}
	values, err := p.devSettings(cmd, cmd.Flags().Args(), flags)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestDevHasOtherDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	values := devResolved(t, []string{"HIGHBALL_DRAIN_TIMEOUT=9"}, "app.py", "--threads", "2", "--no-validate", "--https")
	cfg := serverConfig(values, logs{})
	if cfg.App != "app.py" || cfg.Workers != 1 || cfg.Threads != 2 || cfg.Validate || !cfg.ReloadOnChange || cfg.RequestTimeout != -1 || cfg.QueueTimeout != -1 {
		t.Errorf("%+v", cfg)
	}
	if cfg.DrainTimeout != 9*time.Second || !cfg.LocalHTTPS || values.String("access-log") != "-" {
		t.Errorf("%+v", cfg)
	}
}

// The file in the directory counts for the application alone, a named one in full.
func TestDevAndTheSettingsFile(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "app = \"shop.wsgi\"\nworkers = 7\nbind = [\":443\"]\nrequest_timeout = \"5s\"\n[env]\nA = \"1\"\n"
	if err := os.WriteFile(defaultFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := serverConfig(devResolved(t, nil), logs{})
	if cfg.App != "shop.wsgi" || cfg.Env["A"] != "1" || cfg.Workers != 1 || strings.Join(cfg.Bind, "") == ":443" || cfg.RequestTimeout != -1 {
		t.Errorf("%+v", cfg)
	}
	cfg = serverConfig(devResolved(t, nil, "--config", filepath.Join(".", defaultFile)), logs{})
	if cfg.Workers != 7 || strings.Join(cfg.Bind, "") != ":443" || cfg.RequestTimeout != 5*time.Second {
		t.Errorf("named: %+v", cfg)
	}
}

func TestDevNamesAFreeAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	t.Chdir(t.TempDir())
	values := devResolved(t, nil, "--bind", taken)
	console := &devConsole{}
	inUse := fmt.Errorf("listen: %w", syscall.EADDRINUSE)
	if got := console.explain(inUse, values); !errors.Is(got, syscall.EADDRINUSE) || !strings.HasSuffix(got.Error(), " is free") || strings.Contains(got.Error(), "; "+taken) {
		t.Errorf("%v", got)
	}
	if other := errors.New("other"); console.explain(other, values) != other || console.explain(nil, values) != nil {
		t.Error("another error is changed")
	}
}

func TestURLOfDev(t *testing.T) {
	for want, cfg := range map[string]highball.Config{
		"http://127.0.0.1:8000/":  {},
		"https://127.0.0.1:8443/": {LocalHTTPS: true},
		"http://127.0.0.1:81/":    {Bind: []string{"unix:/s", "127.0.0.1:81"}},
		"":                        {Bind: []string{"127.0.0.1:0"}},
	} {
		if got := urlOf(&cfg); got != want {
			t.Errorf("%v: %q, want %q", cfg.Bind, got, want)
		}
	}
}

// A client's bytes are nothing that the terminal obeys.
func TestDevLog(t *testing.T) {
	var out bytes.Buffer
	l := &devLog{out: &out, level: slog.LevelInfo}
	server, access := slog.New(l), slog.New(devAccess{l})
	server.Info("python", "version", "CPython 3.13.0")
	server.Info("the debugger's console asks for its PIN", "pin", "123-456")
	server.Info("application", "target", "app of app.py", "kind", "flask")
	server.Info("listening on http://127.0.0.1:8000/")
	server.Info("a line", "stream", "stdout", "pid", 7)
	server.Info("reload: files have changed", "files", "a.py")
	server.Error("the application failed\nTraceback:\n  x", "pid", 7, "request", "r")
	server.Warn("beware", "of", "this")
	record := obs.AccessRecord{Time: time.Now(), Method: "GET", Target: "/\x1b[2J", Status: 404, Duration: 3 * time.Millisecond}
	record.LogTo(t.Context(), access)
	l.hush()
	server.Error("not told")
	got := out.String()
	for _, want := range []string{
		"\n  highball dev  app of app.py (flask) on CPython 3.13.0\n  http://127.0.0.1:8000/  Ctrl-C stops it\n  debugger PIN 123-456\n",
		"\na line\n↻ a.py\nthe application failed\nTraceback:\n  x\nbeware of=this\n", ` GET /\x1b[2J 404 3ms` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if strings.Contains(got, "\x1b") || strings.Contains(got, "not told") {
		t.Errorf("%q", got)
	}
}
