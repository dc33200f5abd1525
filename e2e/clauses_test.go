package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// lastClause is the number of clauses that Highball obeys.
const lastClause = 125

// TestEveryClauseHasATest holds the table to the tests that there are.
func TestEveryClauseHasATest(t *testing.T) {
	existing := testNames(t)
	for i, c := range clauses {
		if c.number != i+1 {
			t.Fatalf("the table has clause %d where %d should be", c.number, i+1)
		}
		if len(c.tests) == 0 || c.says == "" {
			t.Errorf("clause %d has no test or no words", c.number)
		}
		for _, name := range c.tests {
			if !existing[name] {
				t.Errorf("clause %d (%s): there is no %s", c.number, c.says, name)
			}
		}
	}
	if len(clauses) != lastClause {
		t.Errorf("the table ends at clause %d of %d", len(clauses), lastClause)
	}
}

// TestEveryKnownFailureIsOfAClause finds known failures that no clause names.
func TestEveryKnownFailureIsOfAClause(t *testing.T) {
	named := map[string]bool{}
	for _, c := range clauses {
		for _, name := range c.tests {
			named[name] = true
		}
	}
	for _, known := range knownFailures {
		if !named["TestKnownFailures/"+known.name] {
			t.Errorf("no clause names the known failure %s", known.name)
		}
	}
}

// testNames are the tests of this package, and the known failures.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, known := range knownFailures {
		names["TestKnownFailures/"+known.name] = true
	}
	for name := range packageFunctions(t) {
		if strings.HasPrefix(name, "Test") {
			names[name] = true
		}
	}
	return names
}

// packageFunctions are the functions of this package.
func packageFunctions(t *testing.T) functions {
	t.Helper()
	found := functions{}
	paths, _ := filepath.Glob("*_test.go")
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				found[f.Name.Name] = f
			}
		}
	}
	return found
}
