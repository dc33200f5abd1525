//go:build !windows

package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"highball"
	"highball/internal/settings"
	"highball/internal/uwsgiconf"
)

// TestUWSGIManual compares docs/MIGRATING-UWSGI.md with the table it is written from.
func TestUWSGIManual(t *testing.T) {
	const path = "../../docs/MIGRATING-UWSGI.md"
	if *update {
		if err := os.WriteFile(path, []byte(uwsgiManual()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != uwsgiManual() {
		t.Errorf("%s is not what the table of options says: run go test ./cmd/highball -update", path)
	}
}

// Every setting that an option is mapped to is there.
func TestUWSGISettingsExist(t *testing.T) {
	table := settingsTable()
	for _, name := range uwsgiconf.Settings() {
		if !slices.ContainsFunc(table.Settings, func(s settings.Setting) bool { return s.Name == name }) {
			t.Errorf("there is no setting %s", name)
		}
	}
}

// What convert writes, run reads with the same values.
func TestConvertedIsTheSame(t *testing.T) {
	corpus, _ := filepath.Glob("../../internal/uwsgiconf/testdata/corpus/*.ini")
	files := []string{
		"http-socket = 127.0.0.1:8000\nsocket = /run/a b.sock\nchmod-socket = 660\nchown-socket = www-data\nmodule = a.b:c\nprocesses = 3\nthreads = 5\n" +
			"harakiri = 90\nmax-requests = 100\nmax-requests-delta = 3\nmax-worker-lifetime = 3600\nreload-on-rss = 300\nenv = A=\"q\" \\ # é\nenv = B=\n" +
			"buffer-size = 100000\nlimit-post = 5000000\npost-buffering = 8192\ntouch-reload = /r1\ntouch-chain-reload = /r2\nuid = 33\ngid = www-data\numask = 027\n" +
			"pythonpath = x\npythonpath = /y z\nlisten = 128\nhttp-timeout = 77\nreload-mercy = 8\nhome = venv\nchdir = /srv\nlazy-apps = true\nlogto = /var/log/x.log\n",
		"https = :443,c.pem,k.pem,HIGH,!ca.pem\nhttp-to-https = :80\nmount = /shop=shop.wsgi\ncallable = app\ndisable-logging\nreq-logger = file:/r.log\nharakiri = 0\n",
		"socket = @abstract\nprotocol = http\nwsgi-file = plain\nworkers = 2\nlimit-post = 0\n",
	}
	for _, text := range files {
		path := filepath.Join(t.TempDir(), "app.ini")
		if err := os.WriteFile(path, []byte("[uwsgi]\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		corpus = append(corpus, path)
	}
	for _, path := range corpus {
		var out bytes.Buffer
		p := &program{stdout: &out, stderr: &out, environ: []string{"HOME=/root"}}
		tr, err := p.convert(t.Context(), "uwsgi", path)
		if err != nil {
			if strings.Contains(path, "corpus") {
				continue // it has a file beside it that is looked for elsewhere
			}
			t.Fatal(err)
		}
		given, err := p.given(tr)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		file := filepath.Join(t.TempDir(), "highball.toml")
		if err := os.WriteFile(file, []byte(converted(path, tr, given)), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := settingsTable().Resolve(settings.Sources{File: file})
		if err != nil {
			t.Errorf("%s: %v in\n%s", path, err, converted(path, tr, given))
			continue
		}
		for _, s := range settingsTable().Settings {
			if got, want := read.Assignment(s.Name), given.Assignment(s.Name); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
		}
	}
}

func TestVerbOfName(t *testing.T) {
	for name, want := range map[string]string{
		"uwsgi": "uwsgi", "/usr/local/bin/uwsgi": "uwsgi", "./gunicorn": "gunicorn", "highball": "", "/opt/uwsgi/highball": "", "": "",
	} {
		if got := verbOfName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := byName([]string{"/bin/uwsgi", "--ini", "a"}); !slices.Equal(got, []string{"uwsgi", "--ini", "a"}) {
		t.Errorf("%q", got)
	}
}

// Files that uWSGI would look for at each request are no reason not to start.
func TestMissingStaticFilesAreLeft(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cfg := highball.Config{
		Dir: dir, Static: []string{"/a=assets", "/b=missing", "/c=" + filepath.Join(dir, "gone")},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}
	leaveMissingFiles(&cfg)
	if !slices.Equal(cfg.Static, []string{"/a=assets"}) || strings.Count(log.String(), "not there") != 2 {
		t.Errorf("%q\n%s", cfg.Static, log.String())
	}
}
