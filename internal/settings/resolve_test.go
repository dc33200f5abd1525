package settings

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFirstSourceCounts(t *testing.T) {
	const file = `
app = "file:app"
threads = 5
request_timeout = "5s"
preload = true
level = "debug"
bind = ["file:1", "file:2"]
[env]
FROM = "file"
`
	environ := []string{
		"DEMO_APP=env:app", "DEMO_THREADS=6", "DEMO_REQUEST_TIMEOUT=6", "DEMO_PRELOAD=no", "DEMO_LEVEL=info",
		"DEMO_BIND=env:1, env:2", "DEMO_ENV=FROM=variable\n\n  LIST=a,b \n", "HOME=/root",
	}
	line := []string{
		"--threads=7", "--request-timeout", "7s", "--preload", "--level", "debug", "--bind", "flag:1", "--bind", "a,b:2",
		"--env", "FROM=flag", "--env", "EMPTY=", "arg:app",
	}
	type all struct {
		app     string
		threads int
		timeout time.Duration
		preload bool
		level   string
		bind    []string
		env     map[string]string
	}
	tests := []struct {
		name   string
		given  given
		source string // of threads
		want   all
	}{
		{"default", given{}, "default", all{"", 4, time.Minute, false, "info", []string{"a:1", "b:2"}, nil}},
		{"file", given{file: file}, "demo.toml",
			all{"file:app", 5, 5 * time.Second, true, "debug", []string{"file:1", "file:2"}, map[string]string{"FROM": "file"}}},
		{"variable", given{file: file, environ: environ}, "variable DEMO_THREADS",
			all{"env:app", 6, 6 * time.Second, false, "info", []string{"env:1", "env:2"}, map[string]string{"FROM": "variable", "LIST": "a,b "}}},
		{"flag", given{file: file, environ: environ, line: line}, "flag --threads",
			all{"arg:app", 7, 7 * time.Second, true, "debug", []string{"flag:1", "a,b:2"}, map[string]string{"FROM": "flag", "EMPTY": ""}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := resolve(t, test.given)
			if err != nil {
				t.Fatal(err)
			}
			got := all{
				v.String("app"), v.Int("threads"), v.Duration("request-timeout"), v.Bool("preload"),
				v.String("level"), v.List("bind"), v.Map("env"),
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if source := v.Source("threads"); source != test.source {
				t.Errorf("Source(threads) = %q, want %q", source, test.source)
			}
		})
	}
}

func TestSource(t *testing.T) {
	tests := []struct {
		name  string
		given given
		of    string
		want  string
	}{
		{"argument", given{line: []string{"a:b"}}, "app", "argument"},
		{"flag of a positional", given{line: []string{"--app", "a:b"}}, "app", "flag --app"},
		{"short flag", given{line: []string{"-t", "2"}}, "threads", "flag --threads"},
		{"negation", given{line: []string{"--preload", "--no-preload"}}, "preload", "flag --no-preload"},
		{"negated back", given{line: []string{"--no-preload", "--preload"}}, "preload", "flag --preload"},
		{"empty variable", given{environ: []string{"DEMO_LEVEL="}}, "level", "default"},
		{"empty flag", given{line: []string{"--app="}}, "app", "flag --app"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := resolve(t, test.given)
			if err != nil {
				t.Fatal(err)
			}
			if got := v.Source(test.of); got != test.want {
				t.Errorf("Source(%s) = %q, want %q", test.of, got, test.want)
			}
		})
	}
}

func TestLastOfBooleanFlagsCounts(t *testing.T) {
	for _, test := range []struct {
		line []string
		want bool
	}{
		{[]string{"--preload", "--no-preload"}, false},
		{[]string{"--no-preload", "--preload"}, true},
		{[]string{"--no-preload=false"}, true},
		{[]string{"--preload=off"}, false},
	} {
		v, err := resolve(t, given{line: test.line})
		if err != nil || v.Bool("preload") != test.want {
			t.Errorf("%q: %v, %v, want %v", test.line, v.Bool("preload"), err, test.want)
		}
	}
}

func TestDefaultMustFitItsKind(t *testing.T) {
	table := Table{Program: "demo", Settings: []Setting{{Name: "n", Kind: Int, Default: "x"}}}
	_, err := table.Resolve(Sources{})
	const want = `default of --n: "x" is not a whole number of at least 0`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// What another program's configuration comes to is before every other source.
func TestGiven(t *testing.T) {
	foreign := []Given{{"threads", []string{"3"}, "app.ini:2"}, {"threads", []string{"5"}, "app.ini:9"}}
	v, err := resolve(t, given{foreign: foreign, line: []string{"--threads=7"}})
	if err != nil || v.Int("threads") != 5 || v.Source("threads") != "app.ini:9" {
		t.Errorf("%d of %s, %v", v.Int("threads"), v.Source("threads"), err)
	}
	_, err = resolve(t, given{foreign: []Given{{"threads", []string{"many"}, "app.ini:2"}}})
	if err == nil || !strings.HasPrefix(err.Error(), "app.ini:2: threads: ") {
		t.Error(err)
	}
}
