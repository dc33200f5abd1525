package uwsgi

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

// iniFile is a file that uWSGI and `highball uwsgi` are both started with.
const iniFile = `[uwsgi]
; names for below
apps = APPS
strange = %(apps)/of this file
http-socket = ADDRESS
chdir = %(apps)/under_uwsgi
pythonpath = %(apps)
pythonpath = %(apps)/from one
pythonpath = %(apps)/from two
wsgi-file = wsgi.py
master
processes = 2
threads = 2
enable-threads = true
need-app = true
die-on-term = true
buffer-size = 131072
env = ONE=%(strange)
env = TWO=$(HOME)
if-env = HOME
env = TWO=by if
endif =
`

// told is what the application under_uwsgi tells.
type told struct {
	Values               environ
	Types, Results, Opt  map[string]string
	ImportedIn           int `json:"imported in"`
	Forked, Path         []any
	PID                  int
	CWD, Missing, Reload any
	Env                  map[string]string
}

// asUWSGI runs our program with a file of uWSGI's.
func asUWSGI(t *testing.T, ini string, around ...string) *harness.Server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.ini")
	text := strings.NewReplacer("ADDRESS", "127.0.0.1:0", "APPS", harness.Apps()).Replace(ini)
	if err := os.WriteFile(path, []byte(text+"py-executable = "+harness.Newest(t).Path+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return harness.Start(t, harness.Options{
		Line: append([]string{"uwsgi", "--ini", path}, around...), Env: []string{"HIGHBALL_LOG_FORMAT=json"},
	})
}

func ask(t *testing.T, url string) (found told) {
	t.Helper()
	resp, err := http.Get(url) //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		t.Fatalf("%s: %s: %v", url, resp.Status, err)
	}
	return found
}

// One file, two servers: the application finds the same.
func TestOneFileForBoth(t *testing.T) {
	t.Parallel()
	theirServer := peer.UWSGIFile(t, strings.ReplaceAll(iniFile, "APPS", harness.Apps()))
	ourServer := asUWSGI(t, iniFile)
	theirs, ours := ask(t, theirServer.URL("/a%20b?q=1")), ask(t, ourServer.URL("/a%20b?q=1"))

	compareVerbs(t, theirs.Values, ours.Values)
	if !reflect.DeepEqual(ours.Types, theirs.Types) {
		t.Errorf("types: got\n%v, and uWSGI's\n%v", ours.Types, theirs.Types)
	}
	differ := []string{"worker_id", "masterpid", "mem", "micros", "version", "version_info", "started_on"}
	for name, result := range theirs.Results {
		if !slices.Contains(differ, name) && ours.Results[name] != result {
			t.Errorf("uwsgi.%s: %s, uWSGI's %s", name, ours.Results[name], result)
		}
	}
	for name, value := range theirs.Opt {
		if name != "plugin" && name != "ini" && name != "http-socket" && ours.Opt[name] != value {
			t.Errorf("uwsgi.opt[%q] is %s, uWSGI's %s", name, ours.Opt[name], value)
		}
	}
	if ours.ImportedIn != theirs.ImportedIn || ours.CWD != theirs.CWD || !reflect.DeepEqual(ours.Path, theirs.Path) || !reflect.DeepEqual(ours.Env, theirs.Env) {
		t.Errorf("got %+v, uWSGI's %+v", ours, theirs)
	}
	for _, of := range []told{theirs, ours} {
		want := []any{}
		for _, e := range of.Results["worker_id"] {
			want = append(want, float64(e-'0'))
			if e == '1' {
				want = append(want, "first")
			}
		}
		if !reflect.DeepEqual(of.Forked, want) {
			t.Errorf("postfork: %v, want %v", of.Forked, want)
		}
	}
}

// compareVerbs compares environs, but for what docs/OPERATIONS.md and MIGRATING-UWSGI.md name.
func compareVerbs(t *testing.T, theirs, ours environ) {
	t.Helper()
	more := []string{"REMOTE_PORT", "SERVER_PORT", "SERVER_NAME", "HTTP_HOST", "uwsgi.core", "uwsgi.version", "wsgi.multiprocess", "DOCUMENT_ROOT", "UWSGI_ROUTER", "x-wsgiorg.uwsgi.version"}
	for _, e := range []environ{theirs, ours} {
		for name := range e {
			if slices.Contains(more, name) || ours[name] == theirs[name] || allowed(both{theirs, ours}, name) != nil {
				continue
			}
			t.Errorf("%s is %q, uWSGI's %q", name, ours[name], theirs[name])
		}
	}
}

// What an application asks of the module has its effect.
func TestModuleUWSGI(t *testing.T) {
	t.Parallel()
	s := asUWSGI(t, iniFile)
	if missing, _ := ask(t, s.URL("/?call=missing")).Missing.(string); !strings.Contains(missing, "use Redis") {
		t.Errorf("cache_get: %q", missing)
	}
	for call, want := range map[string]int{"harakiri": http.StatusInternalServerError, "stuck": http.StatusBadGateway} {
		resp, err := http.Get(s.URL("/?call=" + call)) //nolint:noctx // a test's
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("set_user_harakiri(1), %s: %s, want %d", call, resp.Status, want)
		}
	}
	s.Wait(t, func(e harness.Entry) bool { return e.Has("ran for longer than 1 s") })
	before := ask(t, s.URL("/"))
	if reload := ask(t, s.URL("/?call=reload")).Reload; reload != true {
		t.Errorf("reload: %v", reload)
	}
	s.Wait(t, func(e harness.Entry) bool { return e.Has("atexit called in worker " + before.Results["worker_id"]) })
	after := ask(t, s.URL("/"))
	if after.PID == before.PID || after.Results["masterpid"] != before.Results["masterpid"] {
		t.Errorf("after a reload %+v, before %+v", after, before)
	}
}

// The name of a link is a verb; without it there is no module of that name.
func TestOnlyUnderItsName(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "uwsgi")
	if err := os.Symlink(harness.Binary(), link); err != nil {
		t.Fatal(err)
	}
	python := harness.Newest(t).Path
	s := harness.Start(t, harness.Options{
		Binary: link, Env: []string{"HIGHBALL_LOG_FORMAT=json", "UWSGI_PROCESSES=2"},
		Line: []string{
			"--http-socket", "127.0.0.1:0", "--chdir", filepath.Join(harness.Apps(), "under_uwsgi"), "--pythonpath", harness.Apps(),
			"-w", "wsgi", "-MT", "--lazy-apps", "--stats", ":1717", "--py-sys-executable", python,
		},
	})
	found := ask(t, s.URL("/"))
	if found.Results["numproc"] != "2" || found.Opt["processes"] != "b'2'" || found.Opt["master"] != "True" || found.ImportedIn == 0 {
		t.Errorf("%+v", found)
	}
	s.Wait(t, func(e harness.Entry) bool { return e.Has("without effect here: stats (") })

	_, err := harness.Launch(harness.Options{App: "under_uwsgi/wsgi.py", Python: python})
	if err == nil || !strings.Contains(err.Error(), "No module named 'uwsgi'") {
		t.Errorf("run without the verb: %v", err)
	}
}
