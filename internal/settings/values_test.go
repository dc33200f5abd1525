package settings

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

func TestTOML(t *testing.T) {
	v, err := resolve(t, given{
		line:    []string{"--threads", "8", "--env", `A="quoted" \ and`, "--env", "B.C="},
		environ: []string{"DEMO_PRELOAD=1"},
		file:    `request_timeout = 0`,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `
# app                  # default: none
threads = 8            # flag --threads
request_timeout = "0"  # demo.toml
preload = true         # variable DEMO_PRELOAD
level = "info"         # default
bind = ["a:1", "b:2"]  # default
env = {"A" = "\"quoted\" \\ and", "B.C" = ""}  # flag --env
`
	if got := "\n" + v.TOML(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestTOMLIsReadBack holds the promise that what TOML prints is a settings file.
func TestTOMLIsReadBack(t *testing.T) {
	before, err := resolve(t, given{line: []string{
		"x:y", "-t", "9", "--request-timeout=90", "--preload", "--level=debug", "--bind", "é,\t\n\x01", "--env", "A=1\n2", "--env", "b c=\"",
	}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := resolve(t, given{file: before.TOML()})
	if err != nil {
		t.Fatalf("%v in\n%s", err, before.TOML())
	}
	compared := 0
	for name, value := range before.values {
		if name == "config" {
			continue
		}
		compared++
		if !reflect.DeepEqual(after.values[name].content, value.content) {
			t.Errorf("%s: %#v became %#v", name, value.content, after.values[name].content)
		}
	}
	if compared != 7 {
		t.Errorf("compared %d settings, want 7", compared)
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("plain", `"\`+"\x00\x7f\n\r\t\u2028\U000E0001\a\v")
	f.Fuzz(func(t *testing.T, name, text string) {
		if !utf8.ValidString(name) || !utf8.ValidString(text) {
			t.Skip("TOML is UTF-8")
		}
		var got struct{ M map[string]string }
		want := map[string]string{name: text}
		if _, err := toml.Decode("m = "+quote(want), &got); err != nil {
			t.Fatalf("%q: %v", quote(want), err)
		}
		if !maps.Equal(got.M, want) {
			t.Fatalf("%q was read back as %q", want, got.M)
		}
	})
}

func TestHelp(t *testing.T) {
	const want = `
One:
      --app TEXT               the application
      --config TEXT            the file
      --level debug|info       how much (info)
      --bind TEXT              where (a:1,b:2)
      --env NAME=VALUE         around (as it is)

Two:
  -t, --threads N              how many (4)
      --request-timeout TIME   how long (60s)
      --[no-]preload           at once
`
	if got := "\n" + demo().Help(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestMarkdownHasEverySetting(t *testing.T) {
	text := demo().Markdown()
	for _, want := range []string{
		"| [`threads`](#threads) | `4` | how many |",
		"### threads\n", "| Flag | `-t`, `--threads N` |", "| Variable | `DEMO_THREADS` |", "| File | `threads = 4` |",
		"| Kind | whole number, at least 1 |", "| Argument | `TEXT` |", "| Flag | `--preload`, `--no-preload` |",
		"| Flag | `--level debug\\|info` |", "| Flag | `--env NAME=VALUE`, repeatable |", "| Default | as it is |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing %q", want)
		}
	}
	if strings.Contains(text, "DEMO_CONFIG") {
		t.Error("a setting that is only a flag has a variable in the manual")
	}
}
