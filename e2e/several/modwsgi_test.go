package several

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

// tells is a script that says who it is, where it runs, and what it was called with.
const tells = `
import json, os
def application(environ, start_response):
    values = {k: v if isinstance(v, str) else repr(v) for k, v in environ.items()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"script": %q, "dir": os.getcwd(), "values": values}).encode()]
`

// called is its answer; of another status than 200 that is all.
type called struct {
	Status      int
	Script, Dir string
	Values      map[string]string
}

func (c called) place() string {
	if c.Status != 200 {
		return fmt.Sprint(c.Status)
	}
	part := func(text string) string {
		if text == "" {
			return "nothing"
		}
		return "`" + strings.Trim(strconv.QuoteToGraphic(text), `"`) + "`"
	}
	return part(c.Values["SCRIPT_NAME"]) + " and " + part(c.Values["PATH_INFO"])
}

func ask(t *testing.T, address, place string, fields ...string) (c called) {
	t.Helper()
	res := harness.Dial(t, "tcp", address).Send(request(place, fields...)).Response("GET")
	if c.Status = res.Status; res.Status == 200 {
		res.JSON(t, &c)
	}
	return c
}

// page is what to type, docs/from-mod_wsgi.md, and what is behind it.
func page(t *testing.T) (pages string) {
	t.Helper()
	for _, name := range []string{"from-mod_wsgi.md", "MIGRATING-MOD_WSGI.md"} {
		text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		pages += string(text)
	}
	return pages
}

// blocks are the examples of the page in a language.
func blocks(t *testing.T, language string) (found []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(page(t), -1) {
		found = append(found, m[1])
	}
	return found
}

// rows are what the page's table says of both, by the first cell.
func rows(t *testing.T, heading string) map[string][2]string {
	t.Helper()
	_, table, ok := strings.Cut(page(t), heading+" | mod_wsgi | Highball |\n|---|---|---|\n")
	if !ok {
		t.Fatalf("the page has no table of %s", heading)
	}
	found := map[string][2]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 {
			break
		}
		found[strings.Trim(cells[0], " ")] = [2]string{cells[1], strings.TrimSpace(cells[2])}
	}
	return found
}

// both runs the same scripts, at /a and at /, by Apache and by Highball.
func both(t *testing.T) (apache, ours string) {
	t.Helper()
	peer.Module(t)
	s := start(t, map[string]string{
		"highball.toml": "workers = 1\n[[app]]\npath = \"/a\"\napp = \"a.wsgi\"\n[[app]]\napp = \"site.wsgi\"\n",
		"a.wsgi":        fmt.Sprintf(tells, "a"), "site.wsgi": fmt.Sprintf(tells, "site"),
	}, harness.Options{Python: "/usr/bin/python3", Args: []string{"--reload-on-script-change"}})
	p := peer.ModWSGI(t, s.dir, "WSGIDaemonProcess site\nWSGIProcessGroup site\nWSGIApplicationGroup %{GLOBAL}\n"+
		"WSGIScriptAlias /a "+s.dir+"/a.wsgi\nWSGIScriptAlias / "+s.dir+"/site.wsgi\n")
	return p.Address, s.Address
}

// Each path is split alike, or the page has what both make of it.
func TestPathsBesideModWSGI(t *testing.T) {
	t.Parallel()
	apache, ours := both(t)
	documented := rows(t, "| Path")
	asked := map[string]bool{}
	for _, path := range []string{
		"/", "/a", "/a/", "/ab", "/A/x", "/a/b", "/a/b/", "/%61/x", "/a/%C3%A9", "/a/%25", "/a/b%20c", "/a/b;p=1", "/a/%3Fx", "/a/x?y=%20z&z=1", "/a?", "/b/a",
		"/a//b", "//a/b", "/a/../b", "/a/b/../c", "/a/./b", "/a/%2Fb", "/a%2Fb", "/a/%zz", "/a/%00", "/a/%2e%2e/b",
	} {
		theirs, own := ask(t, apache, "x"+path), ask(t, ours, "x"+path)
		key := "`" + path + "`"
		row, differs := documented[key]
		asked[key] = true
		switch {
		case theirs.place() == own.place() && differs:
			t.Errorf("%s: the page says that it differs, and it does not: %s", path, own.place())
		case theirs.place() != own.place() && row != [2]string{theirs.place(), own.place()}:
			t.Errorf("the page should have\n| %s | %s | %s |", key, theirs.place(), own.place())
		}
		for _, name := range []string{"REQUEST_URI", "QUERY_STRING"} {
			if theirs.Status == 200 && own.Status == 200 && theirs.Values[name] != own.Values[name] {
				t.Errorf("%s: %s is %q by mod_wsgi, %q here", path, name, theirs.Values[name], own.Values[name])
			}
		}
	}
	for key := range documented {
		if !asked[key] {
			t.Errorf("the page has a row for %s that was not tried", key)
		}
	}
}

// The variables that differ are those of the page, no more and no less.
func TestVariablesBesideModWSGI(t *testing.T) {
	t.Parallel()
	apache, ours := both(t)
	fields := []string{"Authorization: Basic eDp5", "Cookie: a=1", "X-Custom-Field: 1", "Content-Type: text/x"}
	theirs, own := ask(t, apache, "shop.example/a/b?c=d", fields...), ask(t, ours, "shop.example/a/b?c=d", fields...)
	documented := map[string]bool{}
	for key := range rows(t, "| Variable") {
		for name := range strings.SplitSeq(key, ", ") {
			documented[strings.Trim(name, "`")] = true
		}
	}
	// What follows from how the test runs both, and objects of which each has its own.
	same := []string{
		"REMOTE_PORT", "SERVER_PORT", "wsgi.errors", "wsgi.input", "wsgi.file_wrapper", "wsgi.multiprocess", "mod_wsgi.process_group",
	}
	names := maps.Clone(theirs.Values)
	maps.Copy(names, own.Values)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains(same, name) {
			continue
		}
		a, here := theirs.Values[name]
		b, there := own.Values[name]
		if differs := a != b || here != there; differs != documented[name] {
			t.Errorf("%s is %q by mod_wsgi and %q here; the page says that it differs: %t", name, a, b, documented[name])
		}
	}
	for name := range documented {
		if _, known := names[name]; !known {
			t.Errorf("the page has %s, which nobody sets", name)
		}
	}
	if theirs.Values["mod_wsgi.process_group"] != "site" || own.Values["mod_wsgi.process_group"] != "/a" {
		t.Errorf("the process groups are %q and %q", theirs.Values["mod_wsgi.process_group"], own.Values["mod_wsgi.process_group"])
	}
}

// A changed script is served with the next request by both; a broken one is an error there,
// and no change here.
func TestScriptChangesBesideModWSGI(t *testing.T) {
	t.Parallel()
	peer.Module(t)
	const toml = "workers = 1\nreload_on_script_change = true\n[[app]]\npath = \"/a\"\napp = \"a.wsgi\"\n"
	s := start(t, map[string]string{"highball.toml": toml, "a.wsgi": fmt.Sprintf(tells, "one")}, harness.Options{Python: "/usr/bin/python3"})
	p := peer.ModWSGI(t, s.dir, "WSGIDaemonProcess site\nWSGIProcessGroup site\nWSGIApplicationGroup %{GLOBAL}\nWSGIScriptAlias /a "+s.dir+"/a.wsgi\n")
	is := func(address, script string, status int) {
		t.Helper()
		if got := ask(t, address, "x/a"); got.Script != script || got.Status != status {
			t.Errorf("%s: got %d %q, want %d %q", address, got.Status, got.Script, status, script)
		}
	}
	is(p.Address, "one", 200)
	is(s.Address, "one", 200)
	s.write(t, "a.wsgi", fmt.Sprintf(tells, "the second"))
	is(p.Address, "the second", 200)
	is(s.Address, "the second", 200)
	s.write(t, "a.wsgi", "broken(\n")
	is(p.Address, "", 500)
	is(s.Address, "the second", 200)
	s.write(t, "a.wsgi", fmt.Sprintf(tells, "three"))
	is(p.Address, "three", 200)
	is(s.Address, "three", 200)
}

// The recipe by which applications have mod_wsgi restart their process does nothing here.
func TestRestartBySignalBesideModWSGI(t *testing.T) {
	t.Parallel()
	peer.Module(t)
	s := start(t, map[string]string{"a.wsgi": `
import os, signal
def application(environ, start_response):
    if environ["PATH_INFO"] == "/restart" and environ["mod_wsgi.process_group"]:
        os.kill(os.getpid(), signal.SIGINT)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
`}, harness.Options{App: "a.wsgi", Python: "/usr/bin/python3", Args: []string{"--workers", "1"}})
	p := peer.ModWSGI(t, s.dir, "WSGIDaemonProcess site\nWSGIProcessGroup site\nWSGIApplicationGroup %{GLOBAL}\nWSGIScriptAlias / "+s.dir+"/a.wsgi\n")
	pid := func(address, path string) string {
		res := harness.Dial(t, "tcp", address).Send(request("x" + path)).Response("GET")
		res.WantStatus(t, 200)
		return res.Body
	}
	theirs, own := pid(p.Address, "/restart"), pid(s.Address, "/restart")
	harness.Eventually(t, "mod_wsgi has another process", func() bool { return pid(p.Address, "/") != theirs })
	if now := pid(s.Address, "/"); now != own {
		t.Errorf("the process was %s, and is %s", own, now)
	}
}

// listening puts the test's addresses and files in the place of the page's.
func listening(text, dir, address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		port = "0"
	}
	return strings.NewReplacer("/srv", dir, `":80"`, `"`+address+`"`, "--bind :8000", "--bind "+address, "--bind :80", "--bind "+address, "*:80", "*:"+port).Replace(text)
}

// sameAnswers asks both for the same.
func sameAnswers(t *testing.T, apache, ours string, places ...string) {
	t.Helper()
	scripts := map[string]bool{}
	for _, place := range places {
		theirs, own := ask(t, apache, place), ask(t, ours, place)
		if theirs.Script != own.Script || theirs.Dir != own.Dir || theirs.place() != own.place() {
			t.Errorf("%s: by mod_wsgi %s of %q in %s, here %s of %q in %s", place, theirs.place(), theirs.Script, theirs.Dir, own.place(), own.Script, own.Dir)
		}
		scripts[own.Script] = true
	}
	if len(scripts) == 0 || scripts[""] && len(scripts) == 1 {
		t.Error("no script has answered")
	}
}

// srv has the scripts of the page.
func srv(t *testing.T) (dir string) {
	t.Helper()
	peer.Module(t)
	dir = scratch(t)
	s := server{dir: dir}
	for _, name := range []string{"shop/shop", "shop/admin", "wiki/wiki"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil { //nolint:gosec // Apache reads it
			t.Fatal(err)
		}
		s.write(t, name+".wsgi", fmt.Sprintf(tells, name))
	}
	return dir
}

func TestPageOneApplication(t *testing.T) {
	t.Parallel()
	dir := srv(t)
	venv(t, filepath.Join(dir, "shop", ".venv"))
	apache := peer.ModWSGI(t, dir, listening(blocks(t, "apache")[0], dir, "-"))
	lines := slices.DeleteFunc(blocks(t, "sh"), func(block string) bool { return !strings.HasPrefix(block, "highball run") })
	for i, where := range []string{dir, filepath.Join(dir, "shop")} {
		words := strings.Fields(listening(lines[i], dir, "127.0.0.1:0"))
		s := harness.Start(t, harness.Options{App: words[2], Args: words[3:], Dir: where, Python: "/usr/bin/python3", Unbound: true})
		sameAnswers(t, apache.Address, s.Address, "x/", "x/a", "y/a/b%20c?d")
	}
}

func TestPageSeveralApplications(t *testing.T) {
	t.Parallel()
	dir := srv(t)
	tomls, confs := blocks(t, "toml"), blocks(t, "apache")
	s := start(t, map[string]string{"highball.toml": listening(tomls[0], dir, "127.0.0.1:0")}, harness.Options{Python: "/usr/bin/python3", Unbound: true})
	address := peer.FreeAddress(t)
	peer.ModWSGI(t, dir, "Listen "+address+"\n"+listening(confs[1], dir, address))
	sameAnswers(t, address, s.Address, "shop.example.com/", "shop.example.com/admin", "shop.example.com/admin/x", "shop.example.com/administrator",
		"SHOP.example.com:80/x?y", "wiki.example.com/wiki/a", "wiki.example.com/other", "wiki.example.com/")
}

// venv makes a virtual environment of the interpreter that mod_wsgi has.
func venv(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("/usr/bin/python3", "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Skipf("no virtual environment: %v\n%s", err, out)
	}
}

// Each directive of the module, and each setting that the page names, is there.
func TestPageIsComplete(t *testing.T) {
	t.Parallel()
	text := page(t)
	config, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "CONFIG.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`CONFIG\.md#([a-z0-9-]+)`).FindAllStringSubmatch(text, -1) {
		there := strings.Contains(string(config), "\n### "+m[1]+"\n") || m[1] == "app-1"
		if !there {
			t.Errorf("there is no setting %s", m[1])
		}
	}
	module := peer.Module(t)
	for _, name := range regexp.MustCompile(`\x00(WSGI[A-Z][A-Za-z]+)\x00`).FindAllStringSubmatch(strings.ReplaceAll(module, "\x00", "\x00\x00"), -1) {
		if !strings.Contains(text, "`"+name[1]+"`") {
			t.Errorf("the page has no %s", name[1])
		}
	}
	for _, option := range regexp.MustCompile("(?m)^\\| … ((?:`[a-z-]+`,? ?)+)").FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(option[1], ", ") {
			if name = strings.Trim(name, "` "); !strings.Contains(module, name+"\x00") {
				t.Errorf("mod_wsgi has no option %s", name)
			}
		}
	}
}
