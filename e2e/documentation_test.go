package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestErrorStreamIsDocumented(t *testing.T) {
	if !strings.Contains(documentation(t), "`wsgi.errors`") {
		t.Error("README.md and docs/ do not say where wsgi.errors goes")
	}
}

func TestVariablesAreDocumented(t *testing.T) {
	s := harness.Shared(t, conformance(harness.Newest(t))).Speak(wire(t, "h1"))
	text := documentation(t)
	for key := range environOf(t, s, harness.Ask("POST", "/environ", "Content-Type: a/b").With("b")).Values {
		deployed := key == "test.deployer" || key == "DEPLOYED"
		if !deployed && !strings.HasPrefix(key, "HTTP_") && !strings.Contains(text, "`"+key+"`") {
			t.Errorf("README.md and docs/ do not tell of %s", key)
		}
	}
}

// documentation is the text of README.md and docs/.
func documentation(t *testing.T) string {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(harness.Root(), "docs", "*.md"))
	var b strings.Builder
	for _, path := range append(paths, filepath.Join(harness.Root(), "README.md")) {
		text, err := os.ReadFile(path)
		if err == nil {
			b.Write(text)
		}
	}
	return b.String()
}
