package highball_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball"
)

// conf is a configuration file of gunicorn's, whose settings somebody else has read.
const conf = `
workers = 17
def post_worker_init(worker):
    cfg = worker.cfg
    found = [cfg.workers, cfg.threads, cfg.timeout, cfg.bind, cfg.proc_name, cfg.pidfile, cfg.statsd_host, cfg.raw_env, __name__]
    with open("found", "w") as file:
        print(*found, sep="|", file=file)
`

func hookedSite(t *testing.T, change func(*highball.Config)) (*highball.Server, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hooks_conf.py": conf, "app.py": "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return site(t, func(cfg *highball.Config) {
		cfg.App, cfg.Dir, cfg.Hooks = "app", dir, "hooks_conf.py"
		cfg.Env = map[string]string{"SHOP": "one"}
		change(cfg)
	}), dir
}

// What a Config says is what hooks find, unless somebody who knows better says more.
func TestSettingsThatHooksFind(t *testing.T) {
	for _, test := range []struct {
		given map[string]any
		want  string
	}{
		{nil, "1|2|60|['127.0.0.1:8000']|app|None|None|['SHOP=one']|hooks_conf"},
		{
			map[string]any{"pidfile": "/run/shop.pid", "timeout": 30, "statsd_host": []any{"localhost", 8125}, "proc_name": "shop"},
			"1|2|30|['127.0.0.1:8000']|shop|/run/shop.pid|['localhost', 8125]|['SHOP=one']|__config__",
		},
	} {
		srv, dir := hookedSite(t, func(cfg *highball.Config) { cfg.HookSettings = test.given })
		if err := srv.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		found, err := os.ReadFile(filepath.Join(dir, "found"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(found)); got != test.want {
			t.Errorf("hooks find\n%s, want\n%s", got, test.want)
		}
	}
}

func TestHookSettingsThatAreRefused(t *testing.T) {
	for want, cfg := range map[string]highball.Config{
		"hook settings: ": {HookSettings: map[string]any{"post_fork": func() {}}},
		`logger-class: "hooks:Logger" is in the module of hooks, and none is named`:  {LoggerClass: "hooks:Logger"},
		`log-config: "hooks:logconfig" is in the module of hooks, and none is named`: {LogConfig: "hooks:logconfig"},
	} {
		if _, err := highball.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Without processes there is nobody to be told.
func TestPreExecWithoutAStart(t *testing.T) {
	srv, _ := hookedSite(t, func(*highball.Config) {})
	if err := srv.PreExec(); err != nil {
		t.Error(err)
	}
}
