//go:build !windows

package main

import (
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"highball"
	"highball/internal/settings"
)

func TestTableIsComplete(t *testing.T) {
	names, shorts := map[string]string{}, map[string]string{}
	for _, s := range settingsTable().Settings {
		for _, name := range append([]string{s.Name}, s.KnownAs...) {
			if other, taken := names[name]; taken {
				t.Errorf("%q stands for %s and for %s", name, other, s.Name)
			}
			names[name] = s.Name
		}
		if other, taken := shorts[s.Short]; taken && s.Short != "" {
			t.Errorf("-%s is %s and %s", s.Short, other, s.Name)
		}
		shorts[s.Short] = s.Name
		if s.Usage == "" || strings.HasSuffix(s.Usage, ".") || strings.Contains(s.Usage, "\n") {
			t.Errorf("%s: usage %q is not one line without a full stop", s.Name, s.Usage)
		}
		if s.Group == "" || len(strings.Fields(s.Doc)) < 20 {
			t.Errorf("%s: no group, or a doc too short to give the default, its reason and the risk", s.Name)
		}
		if (s.Kind == settings.Enum) != (len(s.Choices) > 0) {
			t.Errorf("%s: choices belong to an Enum", s.Name)
		}
	}
	if n := len(settingsTable().Settings); n < 22 {
		t.Errorf("the table has lost settings: %d, want at least 22", n)
	}
}

// resolved returns the settings that a command line stands for.
func resolved(t *testing.T, line ...string) settings.Values {
	t.Helper()
	p := &program{}
	cmd := p.runCommand()
	if err := cmd.ParseFlags(line); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	values, err := p.loadSettings(cmd, cmd.Flags().Args())
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestDefaultsAreThePackages(t *testing.T) {
	got := serverConfig(resolved(t), logs{})
	want := highball.Config{
		Bind:           []string{highball.DefaultBind},
		Threads:        highball.DefaultThreads,
		QueueSize:      highball.DefaultQueueSize,
		StartTimeout:   highball.DefaultStartTimeout,
		RequestTimeout: highball.DefaultRequestTimeout,
		QueueTimeout:   highball.DefaultQueueTimeout,
		DrainTimeout:   highball.DefaultDrainTimeout,
		MaxBody:        highball.DefaultMaxBody,
		BodyMemory:     highball.DefaultBodyMemory,
		SpoolLimit:     highball.DefaultSpoolLimit,
		SpoolQuota:     highball.DefaultSpoolQuota,
		BodyTimeout:    highball.DefaultBodyTimeout,
		BodyMinRate:    highball.DefaultBodyMinRate,
		BodyGrace:      highball.DefaultBodyGrace,

		ResponseMemory:     highball.DefaultResponseMemory,
		ResponseBudget:     highball.DefaultResponseBudget,
		ResponseSpoolLimit: highball.DefaultResponseSpoolLimit,

		HeaderTimeout:      highball.DefaultHeaderTimeout,
		KeepaliveTimeout:   highball.DefaultKeepaliveTimeout,
		SendTimeout:        highball.DefaultSendTimeout,
		LimitRequestLine:   highball.DefaultLimitRequestLine,
		LimitRequestHead:   highball.DefaultLimitRequestHead,
		LimitRequestFields: highball.DefaultLimitRequestFields,

		ReloadMode:   highball.BlueGreen,
		TLS:          highball.TLS{Profile: highball.TLSIntermediate, ClientCert: highball.ClientCertNone},
		ProxyHeaders: []string{highball.DefaultProxyHeaders},
		Backlog:      highball.DefaultBacklog,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestEveryFieldIsSet gives all settings and then finds no field of Config
// that serverConfig has left out.
func TestEveryFieldIsSet(t *testing.T) {
	values := resolved(t, "a:b", "--chdir", ".", "--python", "python3", "--pythonpath", "lib", "--env", "A=1", "--environ", "B=2",
		"--bind", ":1", "--workers", "3", "--threads", "5", "--preload", "--script-name", "/x", "--middleware", "m:n", "--hooks", "h", "--logger-class", "m.Log", "--log-config", "log.ini", "--validate",
		"--start-timeout", "1", "--request-timeout", "2", "--queue-timeout", "3", "--queue-size", "4", "--drain-timeout", "5", "--shutdown-delay", "6", "--reload-mode", "rolling",
		"--max-requests", "7", "--max-requests-jitter", "8", "--max-worker-lifetime", "9", "--max-worker-memory", "10m", "--memory-budget", "11g", "--control", "/c",
		"--queue-time-header", "--retry-idempotent", "--warmup", "/",
		"--max-body", "1", "--body-memory", "2", "--spool-limit", "3", "--spool-dir", "/tmp", "--spool-quota", "4", "--stream-request", "/x",
		"--body-timeout", "5", "--body-min-rate", "6", "--body-grace", "7", "--max-connections", "12", "--max-connections-per-address", "13",
		"--trusted-proxies", "unix", "--backlog", "14", "--reuse-port", "--https", "example.test", "--local-https",
		"--static", "/x=.", "--app-static", "dev", "--static-index", "index.html", "--static-max-age", "15", "--reload-on-script-change",
		"--reload-on-change", "--reload-extra", "x", "--proc-name", "shop")
	got := reflect.ValueOf(serverConfig(values, logs{server: slog.Default(), access: slog.Default()}))
	notSettings := []string{"Trace", "Standalone", "Sockets", "Attached", "BeforeWorkers", "Apps", "HookSettings", "Development", "UWSGI"}
	for i := range got.NumField() {
		if name := got.Type().Field(i).Name; slices.Contains(notSettings, name) {
			continue // not for the operator to say
		}
		if got.Field(i).IsZero() {
			t.Errorf("Config.%s is not set", got.Type().Field(i).Name)
		}
	}
	cfg := got.Interface().(highball.Config)
	if cfg.App != "a:b" || cfg.Workers != 3 || cfg.QueueTimeout != 3*time.Second || !slices.Equal(cfg.Bind, []string{":1"}) {
		t.Errorf("values went astray: %+v", cfg)
	}
}

func TestZeroIsOff(t *testing.T) {
	cfg := serverConfig(resolved(t, "--max-body=0", "--body-memory=0", "--spool-limit=0", "--spool-quota=0", "--body-timeout=0", "--body-min-rate=0", "--body-grace=0",
		"--start-timeout=0", "--request-timeout=0", "--queue-timeout=0", "--queue-size=0", "--drain-timeout=0",
		"--header-timeout=0", "--keepalive-timeout=0", "--send-timeout=0", "--max-connections=0", "--max-connections-per-address=0"), logs{})
	for name, n := range map[string]int64{
		"StartTimeout": int64(cfg.StartTimeout), "RequestTimeout": int64(cfg.RequestTimeout), "QueueTimeout": int64(cfg.QueueTimeout),
		"QueueSize": int64(cfg.QueueSize), "DrainTimeout": int64(cfg.DrainTimeout),
		"MaxBody": cfg.MaxBody, "BodyMemory": cfg.BodyMemory, "SpoolLimit": cfg.SpoolLimit, "SpoolQuota": cfg.SpoolQuota,
		"BodyTimeout": int64(cfg.BodyTimeout), "BodyMinRate": cfg.BodyMinRate, "BodyGrace": int64(cfg.BodyGrace),
		"HeaderTimeout": int64(cfg.HeaderTimeout), "KeepaliveTimeout": int64(cfg.KeepaliveTimeout), "SendTimeout": int64(cfg.SendTimeout),
		"MaxConnections": int64(cfg.MaxConnections), "MaxConnectionsPerAddress": int64(cfg.MaxConnectionsPerAddress),
	} {
		if n >= 0 {
			t.Errorf("%s = %d, want it negative, which is off", name, n)
		}
	}
}
