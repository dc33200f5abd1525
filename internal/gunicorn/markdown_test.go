package gunicorn

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in docs/MIGRATING.md")

// TestManual compares the table in docs/MIGRATING.md with what it is written from.
func TestManual(t *testing.T) {
	const path = "../../docs/MIGRATING.md"
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(written), "<!-- gunicorn's settings, ")
	mark, rest, _ := strings.Cut(rest, "\n")
	_, after, ended := strings.Cut(rest, "<!-- the end of gunicorn's settings -->")
	if !found || !ended {
		t.Fatalf("%s has no place for the table", path)
	}
	want := before + "<!-- gunicorn's settings, " + mark + "\n\n" + Markdown() + "\n<!-- the end of gunicorn's settings -->" + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(written) != want {
		t.Errorf("%s is not what the table says: run go test ./internal/gunicorn -update", path)
	}
}
