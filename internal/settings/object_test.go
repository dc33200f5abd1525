package settings

import (
	"os"
	"strings"
	"testing"
)

func object(t *testing.T, text string) *Object {
	t.Helper()
	content, err := ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &Object{Name: "shop.settings: DEMO", Content: content}
}

func TestObjectIsReadAsTheFileIs(t *testing.T) {
	table := demo()
	file := t.TempDir() + "/demo.toml"
	if err := os.WriteFile(file, []byte("threads = 7\npreload = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	values, err := table.Resolve(Sources{
		Object:  object(t, `{"threads": 3, "request_timeout": 1.5, "bind": ["a:1", "b:2"]}`),
		Environ: []string{"DEMO_BIND=c:3"}, File: file,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"threads": "shop.settings: DEMO", "request-timeout": "shop.settings: DEMO", "bind": "variable DEMO_BIND", "preload": file,
	} {
		if got := values.Source(name); got != want {
			t.Errorf("%s is of %s, want %s", name, got, want)
		}
	}
	if values.Int("threads") != 3 || values.Duration("request-timeout").Milliseconds() != 1500 {
		t.Errorf("got %d threads, %s", values.Int("threads"), values.Duration("request-timeout"))
	}
}

func TestMistakesInAnObject(t *testing.T) {
	for text, want := range map[string]string{
		`{"theads": 3}`:            `shop.settings: DEMO: unknown key "theads": did you mean threads?`,
		`{"threads": "many"}`:      `shop.settings: DEMO['threads']: the string "many" is not a whole number`,
		`{"threads": true}`:        `shop.settings: DEMO['threads']: true is not a whole number`,
		`{"threads": 1.5}`:         `shop.settings: DEMO['threads']: 1.5 is not a whole number`,
		`{"threads": 1e99}`:        `shop.settings: DEMO['threads']: 1e+99 is not a whole number`,
		`{"config": "x"}`:          `shop.settings: DEMO['config']: can be given only as the flag --config`,
		`{"bind": [1]}`:            `shop.settings: DEMO['bind']: the list holds 1`,
		`{"request_timeout": "x"}`: `shop.settings: DEMO['request_timeout']: `,
	} {
		_, err := demo().Resolve(Sources{Object: object(t, text)})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := ParseObject([]byte(`[1]`)); err == nil {
		t.Error("a list is taken for an object")
	}
}
