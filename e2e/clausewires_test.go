package e2e

import (
	"flag"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
)

var update = flag.Bool("update", false, "write docs/CLAUSES.md anew")

// TestClausesAreDocumented holds docs/CLAUSES.md to the table, and to what the tests
// run over.
func TestClausesAreDocumented(t *testing.T) {
	path := filepath.Join(harness.Root(), "docs", "CLAUSES.md")
	text := clausesPage(t)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if there, _ := os.ReadFile(path); string(there) != text {
		t.Error("docs/CLAUSES.md is not what the tests say: go test ./e2e -run TestClausesAreDocumented -update")
	}
}

const clausesHead = `# The clauses, and where each is shown

Each rule of PEP 3333, and of what applications rely on beyond it, has a test that tries it from outside: one body, run over each protocol that can
express it. "all" are HTTP/1.1 (h1), the same by TLS (https), HTTP/2 in the clear (h2c) and by TLS (h2), HTTP/3 (h3) and the uwsgi protocol. Where less is
named, the rule is of these protocols, or does not depend on any and is shown once; "-" is what no request shows. The table comes from the tests,
` + "`e2e/clausetable_test.go`; `go test ./e2e -run TestWiresAreSpoken -v`" + ` names the protocols that a version does not listen for, and over which it shows nothing.

| | Clause | Shown over |
|---|---|---|
`

const differencesHead = `
## What is right to differ

| Only over | What | Because of |
|---|---|---|
`

func clausesPage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(clausesHead)
	functions := packageFunctions(t)
	for _, c := range clauses {
		over := map[string]bool{}
		for _, name := range c.tests {
			functions.over(name, over, map[string]bool{})
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", c.number, c.says, inWords(over))
	}
	b.WriteString(differencesHead)
	for _, d := range harness.Explained() {
		over := map[string]bool{}
		for _, w := range harness.Wires() {
			over[w.Name] = w.Can(d.Ability)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", inWords(over), d.Says, d.Source)
	}
	return b.String()
}

// inWords names wires in the order of harness.Wires.
func inWords(over map[string]bool) string {
	var names []string
	for _, w := range harness.Wires() {
		if over[w.Name] {
			names = append(names, w.Name)
		}
	}
	switch len(names) {
	case 0:
		return "-"
	case len(harness.Wires()):
		return "all"
	}
	return strings.Join(names, ", ")
}

// functions are those of this package, by name.
type functions map[string]*ast.FuncDecl

// over finds the wires that a test runs over: those of its onWires, or h1 if it starts
// a server without one. It follows the calls of the package's own functions.
func (all functions) over(name string, found, seen map[string]bool) {
	f := all[name]
	if f == nil || seen[name] {
		return
	}
	seen[name] = true
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch callee := called(call.Fun); callee {
		case "onWires", "onWiresOf":
			for _, w := range harness.Wires() {
				if w.Can(abilitiesIn(call)...) {
					found[w.Name] = true
				}
			}
		case "harness.Start", "harness.Shared", "library":
			found["h1"] = true
		default:
			all.over(callee, found, seen)
		}
		return true
	})
}

// called is the name of what is called, with its package's.
func called(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if pkg, ok := f.X.(*ast.Ident); ok {
			return pkg.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// abilitiesIn are those among the arguments of a call.
func abilitiesIn(call *ast.CallExpr) (needs []harness.Ability) {
	for _, arg := range call.Args {
		name, isName := strings.CutPrefix(called(arg), "harness.")
		all := harness.Explained()
		i := slices.IndexFunc(all, func(e harness.Explanation) bool { return e.Name == name })
		if isName && i >= 0 {
			needs = append(needs, all[i].Ability)
		}
	}
	return needs
}

// Every ability that a test asks for is one of those that are explained: else the
// table would tell of too many wires.
func TestAbilitiesAreExplained(t *testing.T) {
	explained := map[string]bool{}
	for _, e := range harness.Explained() {
		explained["harness."+e.Name] = true
	}
	for name, f := range packageFunctions(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !strings.HasPrefix(called(call.Fun), "onWires") || name == "onWires" {
				return true
			}
			for _, arg := range call.Args[1:] {
				if what := called(arg); strings.HasPrefix(what, "harness.") && !explained[what] {
					t.Errorf("%s needs %s, which harness.Explained has not", name, what)
				}
			}
			return true
		})
	}
}
