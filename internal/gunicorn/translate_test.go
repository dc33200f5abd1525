package gunicorn

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"highball/internal/migrate"
)

// translated reads a configuration in a directory of its own, $D in what is expected.
func translated(t *testing.T, line string, environ map[string]string, files map[string]string) (*Config, migrate.Translation) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := Load(t.Context(), Options{Args: args(line), Environ: environ, Dir: dir, Python: pythonForTests})
	if err != nil {
		t.Fatal(err)
	}
	tr := cfg.Translate()
	for i := range tr.Given {
		for j := range tr.Given[i].Texts {
			tr.Given[i].Texts[j] = strings.ReplaceAll(tr.Given[i].Texts[j], dir, "$D")
		}
	}
	return cfg, tr
}

// given lists what somebody has set as "name=texts".
func given(tr migrate.Translation) (lines []string) {
	for _, g := range tr.Given {
		if g.Place != PlaceDefault && g.Name != "app" {
			lines = append(lines, g.Name+"="+strings.Join(g.Texts, " "))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestDefaults(t *testing.T) {
	_, tr := translated(t, "a.b", nil, nil)
	var lines []string
	for _, g := range tr.Given {
		lines = append(lines, g.Name+"="+strings.Join(g.Texts, " "))
	}
	slices.Sort(lines)
	want := "app=a.b:application backlog=2048 bind=127.0.0.1:8000 drain-timeout=30 request-timeout=30 threads=1 trusted-proxies=127.0.0.1 ::1 unix workers=1"
	if got := strings.Join(lines, " "); got != want || len(tr.Left) > 0 {
		t.Errorf("%s\nwant %s; left %v", got, want, tr.Left)
	}
}

func TestTranslation(t *testing.T) {
	tests := []struct{ line, want string }{
		{"-b :80", "bind=0.0.0.0:80"},
		{"-b unix:/run/a.sock", "bind=unix:/run/a.sock?mode=777"},
		{"-b unix:a.sock -m 007", "bind=unix:$D/a.sock?mode=770"},
		{"-b unix:a.sock -m 007 -u 33 -g 34", "bind=unix:$D/a.sock?mode=770&owner=33&group=34 group=34 user=33"},
		{"-b unix:///run/a -b [::1] -b fd://3 -b Local.Host", "bind=unix:/run/a?mode=777 [::1]:8000 fd://3 local.host:8000"},
		{"--certfile c --keyfile /k -b :443", "bind=https://0.0.0.0:443 certfile=$D/c keyfile=/k"},
		{"--certfile c --cert-reqs 2 --ca-certs ca", "certfile=$D/c client-ca=$D/ca client-cert=required"},
		{"--proxy-protocol -b :80", "bind=proxy+0.0.0.0:80"},
		{"--protocol uwsgi -b :80", "bind=uwsgi://0.0.0.0:80"},
		{"--proxy-protocol=v1 --certfile c -b :80", "bind=proxy+https://0.0.0.0:80 certfile=$D/c"},
		{"-w 3 --threads 4", "threads=4 workers=3"},
		{"-k gthread", "threads=1"},
		{"-k gevent", "threads=64"},
		{"-k eventlet --worker-connections 10", "threads=10"},
		{"-k gevent --threads 5", "threads=5"},
		{"-k gunicorn.workers.sync.SyncWorker --threads 2", "threads=2"},
		{"-t 10", "request-timeout=10"},
		{"-t 120", "request-timeout=120 start-timeout=120"},
		{"-t 0", "request-timeout=0 start-timeout=0"},
		{"-t 120 --threads 2", "start-timeout=120 threads=2"},
		{"--graceful-timeout 5 --keep-alive 75", "drain-timeout=5 keepalive-timeout=75"},
		{"--max-requests 10 --max-requests-jitter 2", "max-requests-jitter=2 max-requests=10"},
		{"--limit-request-line 0", "limit-request-line=65536"},
		{"--limit-request-line 9000", "limit-request-line=8190"},
		{"--limit-request-fields 0", "limit-request-fields=32768"},
		{"--limit-request-field_size 65536", "limit-request-head=98304"},
		{"--limit-request-field_size 0", "limit-request-head=16777216"},
		{"--preload --reuse-port", "preload=true reuse-port=true"},
		{"--pythonpath a,/b", "pythonpath=/b $D/a"},
		{"-e A=1 -e B=x=y", "env=A=1 B=x=y"},
		{"-D -p run.pid -n shop", "daemon=true pid-file=$D/run.pid proc-name=shop"},
		{"--access-logfile - --error-logfile e.log", "access-log=- error-log=$D/e.log"},
		{"--access-logfile log/a --log-level CRITICAL", "access-log=$D/log/a log-level=error"},
		{"--statsd-host h --statsd-prefix p. --dogstatsd-tags a:b,c", "statsd-prefix=p.gunicorn statsd-tags=a:b c statsd=h:8125"},
		{"--statsd-host unix:run/s --dogstatsd-tags=", "statsd=unix:$D/run/s"},
		{"--statsd-prefix p", ""},
		{"--forwarded-allow-ips *", "trusted-proxies=* unix"},
		{"--reload --no-control-socket", "control=off reload-on-change=true"},
		{"--logger-class gunicorn.glogging.Logger", ""},
		{"--logger-class my.Logger --log-config l.ini", "log-config=$D/l.ini logger-class=my.Logger"},
		{"--user 33 --group 34", "group=34 user=33"},
	}
	for _, tt := range tests {
		_, tr := translated(t, "a:b "+tt.line, nil, nil)
		if got := strings.Join(given(tr), " "); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.line, got, tt.want)
		}
		if err := tr.Refusals(); len(err) > 0 {
			t.Errorf("%s: %v", tt.line, err)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ line, want string }{
		{"-w 0", "-w: workers: without a worker"},
		{"-k asgi", "serves ASGI applications"},
		{"-k uvicorn.workers.UvicornWorker", "serves ASGI applications"},
		{"-k tornado", "not WSGI"},
		{"-k meinheld.gmeinheld.MeinheldWorker", "not known here"},
		{"--spew", "--spew: spew: "},
		{"--paste x.ini", "loadapp"},
		{"--log-syslog", "syslog"},
		{"--dirty-app a:B", "dirty workers"},
		{"--keyfile k", "give certfile"},
		{"--certfile c --cert-reqs 2", "give ca_certs"},
		{"--certfile c --protocol uwsgi", "by TLS"},
		{"--protocol fastcgi", "not one of http, uwsgi"},
		{"--proxy-protocol --proxy-allow-from 10.0.0.0/8", "one list says who is believed"},
		{"--protocol uwsgi --forwarded-allow-ips 10.0.0.0/8", "one list says who is believed"},
		{"--header-map dangerous", "always dropped"},
		{"--forwarder-headers REMOTE_USER", "REMOTE_USER is taken from nobody"},
		{"--casefold-http-method", "case-sensitive"},
		{"--permit-obsolete-folding", "400"},
		{"-e A", `"A" is not NAME=VALUE`},
	}
	for _, tt := range tests {
		_, tr := translated(t, "a:b "+tt.line, nil, nil)
		errs := tr.Refusals()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: %v, want one with %q", tt.line, errs, tt.want)
		}
	}
}

func TestLeft(t *testing.T) {
	_, tr := translated(t, "a:b --worker-tmp-dir /dev/shm --no-sendfile --ciphers X --http-protocols h1 --worker-connections 5 --initgroups --log-level odd", nil, nil)
	var names []string
	for _, l := range tr.Left {
		names = append(names, l.Name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "ciphers http_protocols initgroups loglevel sendfile worker_connections worker_tmp_dir" {
		t.Error(got)
	}
	if _, tr = translated(t, "a:b --worker-connections 1000 --keep-alive 2", nil, nil); len(tr.Left) != 0 {
		t.Errorf("what is the default is told: %v", tr.Left)
	}
}

func TestFileIsCarried(t *testing.T) {
	cfg, tr := translated(t, "", map[string]string{"SCRIPT_NAME": "/shop"}, conf(
		"import os, sys", "wsgi_app = 'shop'", "os.environ['MODE'] = 'prod'", "sys.path.insert(0, '/opt/lib')", "raw_env = ['A=1']",
		"secure_scheme_headers = {'X-FORWARDED-PROTO': 'https'}", "logconfig_dict = {'version': 1}", "pythonpath = 'lib'", "",
		"def post_fork(server, worker):", "    pass"))
	want := `env=A=1 MODE=prod hooks=$D/gunicorn.conf.py log-config=hooks:logconfig_dict ` +
		`proxy-headers=x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-proto pythonpath=$D/lib /opt/lib script-name=/shop`
	if got := strings.Join(given(tr), " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if place := cfg.Entry("post_fork").Place; place != "gunicorn.conf.py:10" {
		t.Errorf("post_fork is at %s", place)
	}
	if _, tr := translated(t, "a:b", nil, conf("import os", "os.environ.setdefault('A', 'b')", "workers = 2")); slices.ContainsFunc(given(tr), isHooks) {
		t.Error("a file that does nothing is to be run again by the workers' process")
	}
	if _, tr := translated(t, "a:b", nil, conf("import logging", "logging.basicConfig()")); !slices.ContainsFunc(given(tr), isHooks) {
		t.Error("what the file does is not done where the workers come from")
	}
}

// What the file patches it patches where the workers are forked, too. gevent need not be
// installed for this.
func TestPatching(t *testing.T) {
	file := []string{"class monkey:", "    patch_all = staticmethod(lambda: None)", "monkey.patch_all()"}
	for _, more := range [][]string{nil, {"def on_exit(server): pass"}} {
		_, tr := translated(t, "a:b", nil, conf(append(file, more...)...))
		if len(tr.Left) != 0 || len(tr.Refusals()) != 0 || !slices.ContainsFunc(given(tr), isHooks) {
			t.Errorf("%q: %+v", more, tr)
		}
	}
}

func isHooks(line string) bool { return strings.HasPrefix(line, "hooks=") }

func TestSystemdsSockets(t *testing.T) {
	cfg, _ := translated(t, "a:b -b :80 --proxy-protocol", nil, nil)
	cfg.Systemd = true
	if tr := cfg.Translate(); !slices.Contains(given(tr), "bind=proxy+systemd:") {
		t.Errorf("%v", given(tr))
	}
}

func TestTranslateFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "g.py")
	if err := os.WriteFile(path, []byte("workers = 3\ntimeout = 40\nspew = True\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tr, err := TranslateFile(t.Context(), path, dir, pythonForTests)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(given(tr), " "); got != "request-timeout=40 workers=3" || len(tr.Given) != 2 {
		t.Errorf("%s, %v", got, tr.Given)
	}
	if errs := tr.Refusals(); len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), path+":3: spew: ") {
		t.Errorf("%v", errs)
	}
}
