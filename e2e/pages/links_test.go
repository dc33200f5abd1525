package pages

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// link is one to a file of the project; others have a scheme.
var link = regexp.MustCompile(`\]\(([^)\s:]+)\)`)

// No link of docs/, README.md and its kin leads nowhere.
func TestLinks(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(harness.Root(), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	own, err := filepath.Glob(filepath.Join(harness.Root(), "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, own...) {
		page, err := Read(path, "")
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range page.Prose() {
			for _, found := range link.FindAllStringSubmatch(line, -1) {
				if err := leads(path, found[1]); err != nil {
					t.Errorf("%s:%d: %v", filepath.Base(path), i+1, err)
				}
				checked++
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d links were found", checked)
	}
}

// leads checks a link of a file.
func leads(from, to string) error {
	name, anchor, _ := strings.Cut(to, "#")
	path := from
	if name != "" {
		path = filepath.Join(filepath.Dir(from), name)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s: there is no such file", to)
	}
	if anchor == "" || filepath.Ext(path) != ".md" {
		return nil
	}
	page, err := Read(path, "")
	if err == nil && !page.Anchors()[anchor] {
		err = fmt.Errorf("%s: there is no such heading", to)
	}
	return err
}

func TestDeadLinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.md")
	if err := os.WriteFile(path, []byte("# A `b`, c\n## Twice\n## Twice\n```\n# none\n```\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]bool{"#a-b-c": true, "a.md#twice-1": true, "a.md": true, "#none": false, "#twice-2": false, "b.md": false} {
		if err := leads(path, to); (err == nil) != want {
			t.Errorf("%s: %v", to, err)
		}
	}
}
