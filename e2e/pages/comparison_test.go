package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// systems are the sections of the comparison, each with its page docs/from-NAME.md.
var systems = map[string]string{
	"apache": "Apache", "nginx": "Nginx", "gunicorn": "Gunicorn", "uwsgi": "uWSGI", "mod_wsgi": "mod_wsgi",
	"django": "Django", "flask": "Flask", "werkzeug": "Werkzeug", "wsgiref": "wsgiref",
}

var verdicts = []string{"same", "better", "different", "missing"}

// shown is what a row is shown by: a test, by package and name, or a page.
var shown = regexp.MustCompile("`(\\S+) (\\w+)`|" + link.String())

// The comparison has each system, and what it says is shown by tests that exist and run.
func TestComparison(t *testing.T) {
	docs := filepath.Join(harness.Root(), "docs")
	page, err := Read(filepath.Join(docs, "COMPARISON.md"), "")
	if err != nil {
		t.Fatal(err)
	}
	known := tests{}
	for name, title := range systems {
		from, err := os.ReadFile(filepath.Join(docs, "from-"+name+".md"))
		if err != nil || !strings.Contains(string(from), "(COMPARISON.md#"+name+")") {
			t.Errorf("from-%s.md does not lead to its comparison: %v", name, err)
		}
		rows := page.Rows(title)
		counts := map[string]int{}
		for _, cells := range rows {
			if len(cells) != 5 || !slices.Contains(verdicts, cells[3]) {
				t.Errorf("%s: no row of five cells with a verdict: %q", title, cells)
				continue
			}
			counts[cells[3]]++
			showsUp(t, known, title+": "+cells[0], cells[4])
		}
		if len(rows) < 8 || len(rows) > 20 {
			t.Errorf("%s has %d rows", title, len(rows))
		}
		for _, verdict := range verdicts {
			if counts[verdict] == 0 {
				t.Errorf("%s has no row of what is %s", title, verdict)
			}
		}
	}
}

// showsUp checks the last cell of a row. Where its links lead TestLinks knows.
func showsUp(t *testing.T, known tests, row, cell string) {
	t.Helper()
	found := shown.FindAllStringSubmatch(cell, -1)
	if len(found) == 0 {
		t.Errorf("%s: nothing shows it", row)
	}
	for _, m := range found {
		if pkg, name := m[1], m[2]; name != "" && !known.in(t, pkg)[name] {
			t.Errorf("%s: %s has no test %s that always runs", row, pkg, name)
		}
	}
}

// tests are the names of tests, by their package's directory.
type tests map[string]map[string]bool

func (known tests) in(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	if names := known[pkg]; names != nil {
		return names
	}
	dir := filepath.Join(harness.Root(), filepath.FromSlash(pkg))
	names := map[string]bool{}
	goTests(t, dir, names)
	pythonTests(t, dir, names)
	skipped(t, pkg, names)
	known[pkg] = names
	return names
}

func goTests(t *testing.T, dir string, names map[string]bool) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = true
			}
		}
	}
}

var pythonTest = regexp.MustCompile(`(?m)^def (test_\w+)\(`)

func pythonTests(t *testing.T, dir string, names map[string]bool) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, "test_*.py"))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range pythonTest.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
	}
}

// skipped takes out what .ci/run may do without.
func skipped(t *testing.T, pkg string, names map[string]bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), ".ci", "allowed-skips"))
	if err != nil {
		t.Fatal(err)
	}
	prefix := strings.TrimSuffix("highball/"+pkg, "/.") + "."
	for line := range strings.Lines(string(text)) {
		test, _, _ := strings.Cut(line, "\t")
		if name, ok := strings.CutPrefix(test, prefix); ok {
			delete(names, name)
		}
	}
}
