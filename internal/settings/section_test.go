package settings

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// several is demo with [[app]].
func several() Table {
	table := demo()
	table.Sections = []Section{{
		Name: "app",
		Settings: []Setting{
			{Name: "path", Kind: String, Default: "/", KnownAs: []string{"prefix", "level"}, Usage: "where"},
			{Name: "host", Kind: List, Usage: "for whom"},
		},
		Shared: []string{"app", "threads", "request-timeout", "preload", "env"}, Fresh: []string{"app", "env"},
		Refusal: "this is the whole's", Doc: "Several.",
	}}
	return table
}

func TestSections(t *testing.T) {
	const file = `
threads = 5
preload = true
env = {A = "1"}

[[app]]
path = "/shop"
app = "shop:app"
threads = 6
preload = false
host = "a"
[app.env]
B = "2"

[[app]]
`
	v, err := resolveBy(t, several(), given{file: file, line: []string{"--request-timeout", "7", "--threads", "8"}})
	if err != nil {
		t.Fatal(err)
	}
	type all struct {
		app, path string
		host      []string
		threads   int
		timeout   time.Duration
		preload   bool
		env       map[string]string
		level     string
	}
	var got []all
	for _, e := range v.Entries("app") {
		got = append(got, all{e.String("app"), e.String("path"), e.List("host"), e.Int("threads"), e.Duration("request-timeout"),
			e.Bool("preload"), e.Map("env"), e.String("level")})
	}
	want := []all{
		{"shop:app", "/shop", []string{"a"}, 6, 7 * time.Second, false, map[string]string{"B": "2"}, "info"},
		{"", "/", nil, 8, 7 * time.Second, true, nil, "info"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if v.Int("threads") != 8 || v.String("app") != "" {
		t.Error("the entries have changed what is above them")
	}
	if source := v.Entries("app")[0].Source("threads"); source != "demo.toml: app[1]" {
		t.Errorf("the source is %q", source)
	}
	again, err := resolveBy(t, several(), given{file: v.TOML()})
	if err != nil || again.Entries("app")[0].Int("threads") != 6 || len(again.Entries("app")) != 2 {
		t.Errorf("%v when this is read again:\n%s", err, v.TOML())
	}
}

func TestMistakesInSections(t *testing.T) {
	for _, test := range []struct {
		name string
		given
		want string
	}{
		{"value", given{file: "[[app]]\n[[app]]\nthreads = 0"}, `demo.toml: app[2].threads: "0" is not a whole number of at least 1`},
		{"type", given{file: "[[app]]\nhost = 3"}, `demo.toml: app[1].host: 3 is not a list of strings: write host = ["…", "…"]`},
		{"unknown", given{file: "[[app]]\ntheads = 3"}, `demo.toml: app[1]: unknown key "theads": did you mean threads?`},
		{"another's name", given{file: "[[app]]\nprefix = '/'"}, `demo.toml: app[1]: unknown key "prefix": did you mean path?`},
		{"a setting of that name", given{file: "[[app]]\nlevel = '/'"}, `demo.toml: app[1]: unknown key "level": did you mean path?`},
		{"like nothing", given{file: "[[app]]\ncolour = 3"}, `demo.toml: app[1]: unknown key "colour"`},
		{"the whole's", given{file: "[[app]]\nbind = ['a']"}, `demo.toml: app[1].bind: this is the whole's`},
		{"one table", given{file: "[app]\npath = '/'"}, `demo.toml: [app] is one table: write [[app]]`},
		{"argument", given{file: "[[app]]", line: []string{"x:y"}}, `argument: app is given beside the [[app]] tables of demo.toml: make it one of them`},
		{"variable", given{file: "[[app]]", environ: []string{"DEMO_APP=x"}}, `DEMO_APP: app is given beside the [[app]] tables of demo.toml: make it one of them`},
		{"in one line", given{file: "app = [{path = 3}]"}, `demo.toml: app[1].path: 3 is not a string: write path = "…"`},
		{"a list", given{file: "app = ['x']"}, `demo.toml: app: a list is not a string: write app = "…"`},
		{"two", given{file: "[[app]]\nx = 1\npreload = 1"}, "demo.toml: app[1].preload: 1 is not a boolean: write preload = true\ndemo.toml: app[1]: unknown key \"x\""},
	} {
		_, err := resolveBy(t, several(), test.given)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", test.name, err, test.want)
		}
	}
}

func TestSectionsInTheManual(t *testing.T) {
	text := several().Markdown()
	for _, want := range []string{
		"\n## [[app]]\n\nSeveral.\n", "| `path` | string | `/` | where |",
		"[`threads`](#threads), [`request_timeout`](#request-timeout), [`preload`](#preload).", "[`app`](#app), [`env`](#env).",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
