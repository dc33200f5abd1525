package highball_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"highball"
	"highball/internal/origin"
)

func TestRoutes(t *testing.T) {
	cfg := highball.Config{Apps: []highball.App{
		{Name: "site"},
		{Name: "shop", Path: "/shop/"},
		{Name: "admin", Path: "/shop/admin"},
		{Name: "a", Hosts: []string{"A.example", "www.a.example"}},
		{Name: "a-api", Hosts: []string{"a.example"}, Path: "/api"},
		{Name: "below", Hosts: []string{"*.example"}, Path: "/all"},
		{Name: "deeper", Hosts: []string{"*.b.example"}},
		{Name: "six", Hosts: []string{"[::1]"}},
	}}
	for _, tt := range []struct{ host, path, want string }{
		{"x.test", "/", "site"}, {"", "/", "site"}, {"x.test", "", "site"},
		{"x.test", "/shop", "shop"}, {"x.test", "/shop/", "shop"}, {"x.test", "/shop/x", "shop"}, {"x.test", "/shopping", "site"},
		{"x.test", "/Shop", "site"}, {"x.test", "/shop//admin", "shop"}, {"x.test", "//shop", "site"},
		{"x.test", "/shop/admin", "admin"}, {"x.test", "/shop/admin/x", "admin"}, {"x.test", "/shop/administrator", "shop"},
		{"a.example", "/", "a"}, {"A.EXAMPLE:8000", "/x", "a"}, {"a.example.", "/x", "a"}, {"www.a.example", "/api", "a"},
		{"a.example", "/api/x", "a-api"}, {"a.example", "/all", "a"}, {"a.example:", "/api", "a-api"},
		{"c.example", "/all/x", "below"}, {"c.d.example:80", "/all", "below"}, {"c.example", "/other", "site"}, {"example", "/all", "site"},
		{"c.b.example", "/all", "deeper"}, {"b.example", "/all", "below"}, {".example", "/all", "site"},
		{"[::1]:80", "/", "six"}, {"[::1]", "/", "six"}, {"[::2]", "/", "site"},
	} {
		if got, ok := cfg.Route(tt.host, tt.path); !ok || got.Name != tt.want {
			t.Errorf("%s%s: got %q, want %q", tt.host, tt.path, got.Name, tt.want)
		}
	}
	cfg.Apps = cfg.Apps[3:]
	if got, ok := cfg.Route("x.test", "/"); ok {
		t.Errorf("what is nobody's went to %s", got.Name)
	}
	cfg.ScriptName = "/whole"
	if got, ok := cfg.Route("a.example", "/whole/api"); !ok || got.Name != "a-api" {
		t.Errorf("behind script-name: %q", got.Name)
	}
}

func TestAppsThatMakeNoSense(t *testing.T) {
	one := highball.Config{App: "tell.py"}
	for want, cfg := range map[string]highball.Config{
		`app: "x" is given beside several`:              {App: "x", Apps: []highball.App{{}}},
		`app[1].path: "shop" does not begin`:            {Apps: []highball.App{{Path: "shop"}}},
		`app[2].path: "/a?b" is not the path`:           {Apps: []highball.App{{}, {Path: "/a?b"}}},
		`app[1].host: "a:80" is not a name`:             {Apps: []highball.App{{Hosts: []string{"a:80"}}}},
		`app[1].host: "*" is not a name`:                {Apps: []highball.App{{Hosts: []string{"*"}}}},
		`app[1].host: "a.*.b" is not a name`:            {Apps: []highball.App{{Hosts: []string{"a.*.b"}}}},
		`app[1].host: "" is not a name`:                 {Apps: []highball.App{{Hosts: []string{""}}}},
		`app[2]: / and b have the same host and path`:   {Apps: []highball.App{{}, {Name: "b", Path: "/"}}},
		`app[2]: a and b have the same host`:            {Apps: []highball.App{{Name: "a", Hosts: []string{"x"}}, {Name: "b", Hosts: []string{"y", "X"}}}},
		`app[2].name: "a" is another application's`:     {Apps: []highball.App{{Name: "a"}, {Name: "a", Path: "/x"}}},
		`app[1].name: "a\n" has control characters`:     {Apps: []highball.App{{Name: "a\n"}}},
		`app[1].app: an application has no`:             {Apps: []highball.App{{Config: highball.Config{Apps: []highball.App{{}}}}}},
		`app /x: threads: 5000 is not between`:          {Apps: []highball.App{{Path: "/x", Config: highball.Config{Threads: 5000}}}},
		`app y: /no/such/directory: no such directory`:  {Apps: []highball.App{{Hosts: []string{"y"}, Config: highball.Config{Dir: "/no/such/directory"}}}},
		`app y/z: reload-on-script-change: "a:b" names`: {Apps: []highball.App{{Hosts: []string{"Y"}, Path: "/z/", Config: highball.Config{App: "a:b", ReloadOnScriptChange: true}}}},
	} {
		if _, err := highball.New(cfg); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if got := fmt.Sprint(highball.Config{Apps: []highball.App{{Config: one}}}.Alone(highball.App{Config: one, Path: "/x/"}).ScriptName); got != "/x" {
		t.Errorf("script name %q", got)
	}
}

// process are the fields of a Config that belong to the process: the applications have
// none of their own.
var process = []string{
	"Bind", "TrustedProxies", "ProxyHeaders", "HeaderTimeout", "KeepaliveTimeout", "SendTimeout", "LimitRequestLine", "LimitRequestHead",
	"LimitRequestFields", "MaxConnections", "MaxConnectionsPerAddress", "SpoolDir", "SpoolQuota", "DrainTimeout", "ResponseBudget", "MemoryBudget",
	"ShutdownDelay", "Control", "Sockets", "TLS", "ACME", "LocalHTTPS", "Logger", "AccessLog", "Backlog", "ReusePort", "BeforeWorkers",
	"Standalone", "Trace", "Apps", "Attached", "Development", "ProcName", "UWSGI",
	"ScriptName", // is made of both
}

// Whoever adds a field has to say whether each application has one.
func TestEachFieldIsTheProcesssOrTheApplications(t *testing.T) {
	var own highball.Config
	fields := reflect.ValueOf(&own).Elem()
	for i := range fields.NumField() {
		switch f := fields.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Map:
			f.Set(reflect.MakeMap(f.Type()))
		}
	}
	alone := reflect.ValueOf(highball.Config{}.Alone(highball.App{Config: own}))
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		if taken, ours := !alone.Field(i).IsZero(), slices.Contains(process, name); taken == ours {
			t.Errorf("Config.%s: the application's is taken: %t; it is the process's: %t", name, taken, ours)
		}
	}
}

// sites serves testdata/tell.py several times.
func sites(t *testing.T, apps ...highball.App) *highball.Server {
	t.Helper()
	return site(t, func(cfg *highball.Config) {
		one := *cfg
		for i := range apps {
			app := one
			app.Environ = map[string]string{"site.name": apps[i].Path}
			if given := apps[i].Config; given.App != "" {
				app.App, app.Dir, app.ReloadOnScriptChange = given.App, given.Dir, given.ReloadOnScriptChange
			}
			if apps[i].Config.Workers > 0 {
				app.Workers = apps[i].Config.Workers
			}
			apps[i].Config = app
		}
		cfg.App, cfg.Apps = "", apps
	})
}

func TestApps(t *testing.T) {
	srv := sites(t, highball.App{}, highball.App{Path: "/shop"}, highball.App{Hosts: []string{"b.example"}, Path: "/b"})
	for _, tt := range []struct{ path, name, script, info string }{
		{"/x", "", "", "/x"}, {"/shop", "/shop", "/shop", ""}, {"/shop/%41//b", "/shop", "/shop", "/A//b"}, {"/sh%6Fp/x", "/shop", "/shop", "/x"},
		{"http://B.example:81/b/x", "/b", "/b", "/x"}, {"http://b.example/c", "", "", "/c"},
	} {
		got := ask(t, srv, tt.path)
		if got["site.name"] != tt.name || got["SCRIPT_NAME"] != tt.script || got["PATH_INFO"] != tt.info {
			t.Errorf("%s: %v", tt.path, got)
		}
	}
	mounted := ask(t, highball.Mount{"/outer": srv}, "/outer/shop/x")
	if mounted["site.name"] != "/shop" || mounted["SCRIPT_NAME"] != "/outer/shop" || mounted["PATH_INFO"] != "/x" {
		t.Errorf("in a Mount: %v", mounted)
	}
	if n := srv.Workers(); n != 3 {
		t.Errorf("%d workers", n)
	}
	var pids []int
	for _, path := range []string{"/", "/shop", "http://b.example/b"} {
		pid, _ := strconv.Atoi(ask(t, srv, path)["pid"])
		pids = append(pids, pid)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		awaitGone(t, pid)
	}
}

// A proxy that has taken a prefix off the path may be in front of all applications, or
// have chosen by it already; the server may be in a Mount besides.
func TestAppsBehindAProxyWithAPrefix(t *testing.T) {
	srv := sites(t, highball.App{}, highball.App{Path: "/shop"}, highball.App{Path: "/shop/admin"})
	mount := highball.Mount{"/in": srv}
	for _, tt := range []struct {
		h                  http.Handler
		script, path, want string
	}{
		{srv, "", "/shop/x", "/shop"}, {srv, "/shop", "/x", "/shop"}, {srv, "/shop", "/admin/x", "/shop/admin"}, {srv, "/outer", "/shop/x", "/shop"},
		{srv, "/outer", "/y", ""}, {mount, "", "/in/shop/x", "/shop"}, {mount, "/outer", "/in/shop/x", "/shop"}, {mount, "/in", "/shop/x", "/shop"},
	} {
		r := httptest.NewRequest("GET", "/asked", nil)
		w := httptest.NewRecorder()
		tt.h.ServeHTTP(w, r.WithContext(origin.With(r.Context(), &origin.Origin{Prefix: tt.script, Path: &tt.path})))
		if w.Code != http.StatusOK {
			t.Errorf("%q and %q: %d", tt.script, tt.path, w.Code)
		} else if got := facts(t, w.Body.String())["site.name"]; got != tt.want {
			t.Errorf("%q and %q: went to %q, want %q", tt.script, tt.path, got, tt.want)
		}
	}
}

func TestWhatIsNobodys(t *testing.T) {
	srv := sites(t, highball.App{Path: "/shop"})
	if w := get(srv, "/shopping"); w.Code != http.StatusNotFound {
		t.Errorf("got %d", w.Code)
	}
	r := httptest.NewRequest("OPTIONS", "/", nil)
	r.RequestURI = "*"
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("OPTIONS *: %d", w.Code)
	}
}

// One that does not start has none serve, and is named.
func TestAllAppsStartOrNone(t *testing.T) {
	srv := sites(t, highball.App{}, highball.App{Path: "/b", Config: highball.Config{App: "tell.py:nothing", Dir: "testdata"}})
	err := srv.Start(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "app /b: tell.py has no attribute nothing") {
		t.Fatal(err)
	}
	var coded interface{ ExitCode() int }
	if !errors.As(err, &coded) || coded.ExitCode() != 3 {
		t.Errorf("the exit code is lost: %v", err)
	}
	if w := get(srv, "/"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the other serves: %d", w.Code)
	}
	if h := srv.Health(); h.Ready != 0 {
		t.Errorf("%d workers are left", h.Ready)
	}
}

func TestScaleIsShared(t *testing.T) {
	srv := sites(t, highball.App{}, highball.App{Path: "/b", Config: highball.Config{Workers: 3}})
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ n, b int }{{8, 6}, {0, 0}, {4, 3}, {2, 1}, {5, 4}} {
		if err := srv.Scale(tt.n); err != nil {
			t.Fatal(err)
		}
		if err := srv.ScaleApp("/", tt.n-tt.b); err != nil || srv.Workers() != tt.n {
			t.Errorf("%d: the first should have had %d of them, %v", tt.n, tt.n-tt.b, err)
		}
		_ = srv.ScaleApp("/", 1) // its share again
	}
	if err := srv.Scale(1); err == nil || !strings.Contains(err.Error(), "too few for 2") {
		t.Error(err)
	}
	if err := srv.ScaleApp("c", 1); err == nil || !strings.Contains(err.Error(), `"c" is none of /, /b`) {
		t.Error(err)
	}
}

// script writes the source of an application that answers a text.
func script(t *testing.T, path, text string) {
	t.Helper()
	source := fmt.Sprintf("def application(environ, start_response):\n start_response('200 OK', [])\n return [b'''%s''', environ['mod_wsgi.process_group'].encode()]\n", text)
	if strings.HasPrefix(text, "!") {
		source = text
	}
	if err := os.WriteFile(path+"~", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil { // whole at once, as deployments do
		t.Fatal(err)
	}
}

func TestScriptThatChanges(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3 on PATH")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "site.wsgi")
	script(t, path, "one of ")
	srv := sites(t, highball.App{}, highball.App{Name: "b", Path: "/b", Config: highball.Config{App: "site.wsgi", Dir: dir, ReloadOnScriptChange: true}})
	other := ask(t, srv, "/")["pid"]
	for _, step := range []struct{ text, want string }{
		{"", "one of b"}, {"two of ", "two of b"}, {"!broken(", "two of b"}, {"", "two of b"}, {"three of ", "three of b"},
	} {
		if step.text != "" {
			script(t, path, step.text)
		}
		for range 3 {
			if w := get(srv, "/b/x"); w.Body.String() != step.want {
				t.Errorf("%q: got %q, want %q", step.text, w.Body, step.want)
			}
		}
	}
	if now := ask(t, srv, "/")["pid"]; now != other {
		t.Error("the other application was reloaded")
	}
}

// A reload names those whose new code does not start, and the others have theirs.
func TestReloadOfSeveral(t *testing.T) {
	dir := t.TempDir()
	var apps []highball.App
	for _, name := range []string{"a", "b", "c"} {
		script(t, filepath.Join(dir, name+".wsgi"), "one of ")
		apps = append(apps, highball.App{Name: name, Path: "/" + name, Config: highball.Config{App: name + ".wsgi", Dir: dir}})
	}
	srv := sites(t, apps...)
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a": "two of ", "b": "!broken(", "c": "two of "} {
		script(t, filepath.Join(dir, name+".wsgi"), text)
	}
	if err := srv.Reload(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "app b: ") {
		t.Errorf("got %v", err)
	}
	for path, want := range map[string]string{"/a": "two of a", "/b": "one of b", "/c": "two of c"} {
		if w := get(srv, path); w.Body.String() != want {
			t.Errorf("%s: got %q, want %q", path, w.Body, want)
		}
	}
	script(t, filepath.Join(dir, "a.wsgi"), "three of ")
	script(t, filepath.Join(dir, "b.wsgi"), "three of ")
	if err := srv.ReloadApp(context.WithoutCancel(t.Context()), "b"); err != nil {
		t.Error(err)
	}
	if a, b := get(srv, "/a").Body.String(), get(srv, "/b").Body.String(); a != "two of a" || b != "three of b" {
		t.Errorf("a reload of b alone: %s, %s", a, b)
	}
}
