package highball_test

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

// stateRow is a state of a worker: as docs/ARCHITECTURE.md tells of it, or as the
// code has it.
type stateRow struct{ name, meaning, movedBy string }

// The states that the documentation shows are those that the code has, in their
// order, with the code's own words and the functions that move a worker there.
func TestStatesAreAsDocumented(t *testing.T) {
	text, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := documentedStates(string(text))
	inCode := statesInCode(t)
	if len(inCode) == 0 || len(documented) != len(inCode) {
		t.Fatalf("documented: %v\nin the code: %v", documented, inCode)
	}
	var names []string
	for i, want := range inCode {
		if documented[i] != want {
			t.Errorf("documented: %v, in the code: %v", documented[i], want)
		}
		names = append(names, want.name)
	}
	if chain := "`" + strings.Join(names, " → ") + "`"; !strings.Contains(string(text), chain) {
		t.Errorf("docs/ARCHITECTURE.md does not show %s", chain)
	}
}

var stateLine = regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| ([^|]*) \\| (?:`([A-Za-z, `]+)` )?\\|$")

func documentedStates(text string) (rows []stateRow) {
	_, section, _ := strings.Cut(text, "\n## The life of a worker\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range stateLine.FindAllStringSubmatch(section, -1) {
		rows = append(rows, stateRow{m[1], m[2], strings.ReplaceAll(m[3], "`", "")})
	}
	return rows
}

// statesInCode reads the constants State... of internal/worker, and who sets them.
// A constant's name without State is the state's name; worker's own tests check String.
func statesInCode(t *testing.T) (rows []stateRow) {
	t.Helper()
	_, files := source(t)
	movers := map[string][]string{}
	for _, f := range byPackage(files)["internal/worker"] {
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				for _, state := range statesSet(d) {
					movers[state] = append(movers[state], d.Name.Name)
				}
			case *ast.GenDecl:
				rows = append(rows, statesDeclared(d)...)
			}
		}
	}
	for i := range rows {
		rows[i].movedBy = strings.Join(movers[rows[i].name], ", ")
	}
	return rows
}

func statesDeclared(d *ast.GenDecl) (rows []stateRow) {
	for _, spec := range d.Specs {
		value, ok := spec.(*ast.ValueSpec)
		if !ok || len(value.Names) != 1 {
			continue
		}
		if name, ok := stateName(value.Names[0]); ok {
			rows = append(rows, stateRow{name: name, meaning: strings.TrimSpace(value.Comment.Text())})
		}
	}
	return rows
}

// statesSet are the arguments of the calls of set in a function.
func statesSet(f *ast.FuncDecl) (names []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "set" {
			return true
		}
		if arg, ok := call.Args[0].(*ast.Ident); ok {
			if name, ok := stateName(arg); ok {
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

func stateName(id *ast.Ident) (string, bool) {
	name, ok := strings.CutPrefix(id.Name, "State")
	return strings.ToLower(name), ok && name != ""
}
