package settings

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestMistakes holds the text of every error that an operator can cause.
func TestMistakes(t *testing.T) {
	tests := []struct {
		name  string
		given given
		want  string // one error on each line
	}{
		{"word for a number", given{line: []string{"--threads", "many"}}, `--threads: "many" is not a whole number of at least 1`},
		{"number too small", given{environ: []string{"DEMO_THREADS=0"}}, `DEMO_THREADS: "0" is not a whole number of at least 1`},
		{"fraction", given{line: []string{"--threads", "1.5"}}, `--threads: "1.5" is not a whole number of at least 1`},
		{"number in quotes", given{file: `threads = "4"`}, `demo.toml: threads: the string "4" is not a whole number: write threads = 4`},
		{"time", given{line: []string{"--request-timeout", "soon"}},
			`--request-timeout: "soon" is not a time: write seconds (30) or units (500ms, 1m30s), 0 for no limit`},
		{"negative time", given{file: `request_timeout = -1`},
			`demo.toml: request_timeout: "-1" is not a time: write seconds (30) or units (500ms, 1m30s), 0 for no limit`},
		{"time of another type", given{file: `request_timeout = true`}, `demo.toml: request_timeout: true is not a time: write request_timeout = "30s"`},
		{"boolean", given{environ: []string{"DEMO_PRELOAD=maybe"}}, `DEMO_PRELOAD: "maybe" is neither true nor false`},
		{"boolean in quotes", given{file: `preload = "true"`}, `demo.toml: preload: the string "true" is not a boolean: write preload = true`},
		{"choice", given{line: []string{"--level", "trace"}}, `--level: "trace" is not one of debug, info`},
		{"mistyped choice", given{file: `level = "inof"`}, `demo.toml: level: "inof" is not one of debug, info: did you mean info?`},
		{"choice of another type", given{file: `level = 3`}, `demo.toml: level: 3 is not a choice: write level = "debug"`},
		{"list of numbers", given{file: `bind = ["a", 8000]`}, `demo.toml: bind: the list holds 8000: put its entries in quotes`},
		{"number for a list", given{file: `bind = 8000`}, `demo.toml: bind: 8000 is not a list of strings: write bind = ["…", "…"]`},
		{"list for a string", given{file: `app = ["a"]`}, `demo.toml: app: a list is not a string: write app = "…"`},
		{"table for a string", given{file: "[app]\na = 1"}, `demo.toml: app: a table is not a string: write app = "…"`},
		{"map without a name", given{line: []string{"--env", "=x"}}, `--env: "=x" is not NAME=VALUE`},
		{"map with a NUL", given{line: []string{"--env", "A=b\x00c"}}, `--env: "A=b\x00c" has a byte 0, which no variable can hold`},
		{"map without a value", given{environ: []string{"DEMO_ENV=A=1\nB"}}, `DEMO_ENV: "B" is not NAME=VALUE`},
		{"number in a map", given{file: "[env]\nA = 1"}, `demo.toml: env: A is 1: put the value in quotes`},
		{"string for a map", given{file: `env = "A=1"`},
			`demo.toml: env: the string "A=1" is not a table of strings: write [env] and lines of NAME = "value"`},
		{"syntax of the file", given{file: "threads = 1\nlevel = debug\n"}, `demo.toml:2: expected value but found "debug" instead`},
		{"key twice", given{file: "threads = 1\nthreads = 2\n"}, `demo.toml:2: Key 'threads' has already been defined.`},
		{"unknown key", given{file: `theads = 1`}, `demo.toml: unknown key "theads": did you mean threads?`},
		{"dashes in a key", given{file: `request-timeout = 1`}, `demo.toml: unknown key "request-timeout": did you mean request_timeout?`},
		{"key like nothing", given{file: `colour = "red"`}, `demo.toml: unknown key "colour"`},
		{"another program's name", given{file: `harakiri = 30`}, `demo.toml: unknown key "harakiri": did you mean request_timeout?`},
		{"flag as a key", given{file: `config = "x"`}, `demo.toml: config: can be given only as the flag --config`},
		{"nearly a flag as a key", given{file: `confg = "x"`}, `demo.toml: unknown key "confg": did you mean the flag --config?`},
		{"unknown variable", given{environ: []string{"DEMO_REQUEST_TIMEUOT=1"}},
			`unknown variable DEMO_REQUEST_TIMEUOT: did you mean DEMO_REQUEST_TIMEOUT?`},
		{"variable like nothing", given{environ: []string{"DEMO_COLOUR=red"}}, `unknown variable DEMO_COLOUR`},
		{"flag as a variable", given{environ: []string{"DEMO_CONFIG=x"}}, `DEMO_CONFIG: can be given only as the flag --config`},
		{"nearly a flag as a variable", given{environ: []string{"DEMO_CONFG=x"}}, `unknown variable DEMO_CONFG: did you mean the flag --config?`},
		{"too many arguments", given{line: []string{"a", "b", "c"}}, `unexpected argument "b c"`},
		{"argument and flag", given{line: []string{"a", "--app", "b"}}, `app is given twice, as "a" and as --app`},
		{"all at once", given{line: []string{"--threads=x"}, environ: []string{"DEMO_LEVEL=x", "DEMO_X=1"}, file: "y = 1\npreload = 1"},
			"unknown variable DEMO_X\n" +
				"demo.toml: unknown key \"y\"\n" +
				"--threads: \"x\" is not a whole number of at least 1\n" +
				"demo.toml: preload: 1 is not a boolean: write preload = true\n" +
				"DEMO_LEVEL: \"x\" is not one of debug, info"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := resolve(t, test.given)
			if err == nil {
				t.Fatalf("no error, want %s", test.want)
			}
			if err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if lines := strings.Count(test.want, "\n") + 1; len(Errors(err)) != lines {
				t.Errorf("Errors: %d, want %d", len(Errors(err)), lines)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := demo().Resolve(Sources{File: "none.toml"})
	const want = "cannot read the settings file: open none.toml: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestWrongFlags(t *testing.T) {
	tests := []struct{ line, want string }{
		{"--thread=3", "unknown flag --thread: did you mean --threads?"},
		{"--request_timeout=3", "unknown flag --request_timeout: did you mean --request-timeout?"},
		{"--harakiri=3", "unknown flag --harakiri: did you mean --request-timeout?"},
		{"--colour", "unknown flag --colour"},
		{"-x", "unknown flag -x"},
		{"--threads", "flag needs an argument: --threads"},
		{"--no-preload=x", `invalid argument "x" for "--no-preload" flag: "x" is neither true nor false`},
	}
	for _, test := range tests {
		flags := pflag.NewFlagSet("demo", pflag.ContinueOnError)
		demo().AddFlags(flags)
		err := demo().FlagError(flags.Parse([]string{test.line}))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %s", test.line, err, test.want)
		}
	}
}

func TestErrorsOfOne(t *testing.T) {
	one := errors.New("one")
	wrapped := fmt.Errorf("both %w and %w", one, one)
	for _, err := range []error{one, wrapped} {
		if got := Errors(err); len(got) != 1 || got[0] != err {
			t.Errorf("Errors(%v) = %v", err, got)
		}
	}
}
