package highball_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// constantCalls make values that nothing changes afterwards.
var constantCalls = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
	"sync.OnceFunc", "sync.OnceValue", "sync.OnceValues",
	"makeClasses", // internal/h1: a table of bytes
}

// No package has state of its own, so that two servers in one process do not
// meet. A package-level variable may be an assertion (var _), an error, a
// compiled pattern, an embedded file, a sync.OnceValue, or a table (a composite
// literal) that nothing in its package assigns to, deletes from or points at.
func TestNoPackageState(t *testing.T) {
	fset, files := source(t)
	for _, pkg := range byPackage(files) {
		if !pkg[0].isProduct() {
			continue // the harness of the tests shares what is dear to make
		}
		changed := changedNames(pkg)
		for _, f := range pkg {
			for name, value := range packageVars(f.syntax) {
				switch {
				case !isConstant(value):
					t.Errorf("%s: var %s is package state", fset.Position(name.Pos()), name.Name)
				case changed[name.Name]:
					t.Errorf("%s: var %s is changed: package state", fset.Position(name.Pos()), name.Name)
				}
			}
		}
	}
}

// packageVars gives the variables that the rule is about, with their values.
func packageVars(file *ast.File) map[*ast.Ident]ast.Expr {
	found := map[*ast.Ident]ast.Expr{}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR || isEmbed(group.Doc) {
			continue
		}
		for _, spec := range group.Specs {
			spec := spec.(*ast.ValueSpec)
			for i, name := range spec.Names {
				if name.Name == "_" || isEmbed(spec.Doc) {
					continue
				}
				var value ast.Expr
				if i < len(spec.Values) {
					value = spec.Values[i]
				}
				found[name] = value
			}
		}
	}
	return found
}

func isEmbed(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

func isConstant(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CompositeLit:
		switch v.Type.(type) {
		case *ast.MapType, *ast.ArrayType:
			return true
		}
	case *ast.CallExpr:
		return slices.Contains(constantCalls, callee(v))
	}
	return false
}

// changedNames gives the identifiers that a package assigns to, deletes from,
// clears, or takes the address of. A local variable of the same name counts, too:
// then one of the two has the wrong name.
func changedNames(pkg []sourceFile) map[string]bool {
	changed := map[string]bool{}
	note := func(e ast.Expr) {
		if name := rootName(e); name != nil {
			changed[name.Name] = true
		}
	}
	for _, f := range pkg {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, left := range n.Lhs {
						note(left)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					note(n.X)
				}
			case *ast.CallExpr:
				if name := callee(n); name == "delete" || name == "clear" {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return changed
}

// rootName is x of x, x[i], x.f[i] and so on.
func rootName(e ast.Expr) *ast.Ident {
	for {
		switch v := e.(type) {
		case *ast.Ident:
			return v
		case *ast.IndexExpr:
			e = v.X
		case *ast.SelectorExpr:
			e = v.X
		case *ast.StarExpr:
			e = v.X
		case *ast.ParenExpr:
			e = v.X
		default:
			return nil
		}
	}
}
