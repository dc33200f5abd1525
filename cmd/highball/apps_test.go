//go:build !windows

package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"highball"
	"highball/internal/control"
)

func TestMounts(t *testing.T) {
	cfg := serverConfig(resolved(t, "site.wsgi", "--workers", "3", "--warmup", "/w", "--mount", "/shop=shop.wsgi:app=x", "--mount", "b.example/=b:c", "--reload-on-script-change"), logs{})
	type app struct {
		hosts  []string
		path   string
		app    string
		warmup []string
	}
	var got []app
	for _, a := range cfg.Apps {
		got = append(got, app{a.Hosts, a.Path, a.Config.App, a.Config.WarmUp})
		if a.Config.Workers != 3 || !a.Config.ReloadOnScriptChange {
			t.Errorf("%s: what is common is lost", a.Label())
		}
	}
	want := []app{{nil, "", "site.wsgi", []string{"/w"}}, {nil, "/shop", "shop.wsgi:app=x", nil}, {[]string{"b.example"}, "/", "b:c", nil}}
	if cfg.App != "" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %+v\nwant %+v", cfg.App, got, want)
	}
	if cfg = serverConfig(resolved(t, "--mount", "/a=b"), logs{}); len(cfg.Apps) != 1 {
		t.Errorf("a mount without an application at /: %+v", cfg.Apps)
	}
	for _, text := range []string{"", "/a", "a=b", "/a=", "=x"} {
		if _, err := parseMount(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// wholeSettings belong to the server, of however many applications.
var wholeSettings = []string{
	"config", "mount", "bind", "script-name", "backlog", "reuse-port", "certfile", "keyfile", "tls-profile", "client-cert", "client-ca",
	"redirect-https", "hsts", "https", "acme-on-demand", "local-https", "acme-ca", "acme-ca-root", "acme-email", "acme-dir", "acme-challenge",
	"trusted-proxies", "proxy-headers", "user", "group", "umask", "drain-timeout", "shutdown-delay", "log-level", "log-format", "access-log",
	"control", "memory-budget", "header-timeout", "keepalive-timeout", "send-timeout", "limit-request-line", "limit-request-head",
	"limit-request-fields", "max-connections", "max-connections-per-address", "spool-dir", "spool-quota", "response-budget",
	"pid-file", "daemon", "proc-name", "access-log-format", "error-log", "statsd", "statsd-prefix", "statsd-tags",
}

// Whoever adds a setting has to say whether each application has one.
func TestEachSettingIsTheProcesssOrTheApplications(t *testing.T) {
	for _, s := range settingsTable().Settings {
		if slices.Contains(sharedSettings, s.Name) == slices.Contains(wholeSettings, s.Name) {
			t.Errorf("%s: is it in sharedSettings, or one of the process?", s.Name)
		}
	}
}

func TestCtlTextOfSeveral(t *testing.T) {
	status := ctlText(control.Status{
		Apps: []control.App{
			{Name: "/shop", Path: "/shop", State: "ready", Application: "shop:app", Python: "/py", Generation: 2, Requests: control.Traffic{InFlight: 1, Served: 7}, Queue: control.Queue{Waiting: 3}},
			{Name: "b", Hosts: []string{"b.test", "c.test"}, Path: "/x", State: "failing", Python: "/py\x1b"},
		},
		Workers: []control.Worker{{Number: 1, App: "/shop", State: "ready"}, {Number: 2, App: "b", State: "leaving"}},
	}, ctlNow)
	for _, want := range []string{
		"\napp          /shop: ready at /shop, shop:app by /py; generation 2, workers: 1 ready; requests: 1 in flight, 7 served, 3 waiting\n",
		"\napp          b: failing at b.test/x c.test/x, nothing by /py", "workers: 1 leaving;",
	} {
		if !strings.Contains(status, want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}
	if strings.Contains(status, "\x1b") {
		t.Error("an escape reaches the terminal")
	}
	for name, document := range map[string]any{
		"workers":  []control.Worker{{Number: 1, App: "b\x1b"}, {Number: 2}},
		"requests": []control.Request{{ID: "x", App: "b"}, {ID: "y"}},
	} {
		lines := strings.Split(ctlText(document, ctlNow), "\n")
		if !strings.HasPrefix(lines[0], "APP ") || !strings.HasPrefix(lines[1], "b") || !strings.HasPrefix(lines[2], "- ") {
			t.Errorf("%s:\n%s", name, strings.Join(lines, "\n"))
		}
	}
	if text := ctlText([]control.Stacks{{Worker: 1, PID: 2, App: "b"}}, ctlNow); !strings.HasPrefix(text, "worker 1, pid 2, b\n") {
		t.Error(text)
	}
}

// An upgrade waits for the slowest.
func TestStartTimeoutOfSeveral(t *testing.T) {
	of := func(own ...time.Duration) time.Duration {
		cfg := highball.Config{StartTimeout: 30}
		for _, d := range own {
			cfg.Apps = append(cfg.Apps, highball.App{Config: highball.Config{StartTimeout: d}})
		}
		return startTimeout(cfg)
	}
	for _, tt := range []struct{ got, want time.Duration }{
		{of(), 30}, {of(10), 10}, {of(10, 40, 20), 40}, {of(10, -1, 20), -1}, {of(-1, 20), -1},
	} {
		if tt.got != tt.want {
			t.Errorf("got %d, want %d", tt.got, tt.want)
		}
	}
}
