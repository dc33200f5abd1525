package highball_test

import (
	"go/ast"
	"go/token"
	"path"
	"strconv"
	"strings"
	"testing"
)

// exported calls visit for each exported name of the root package, with its own
// comment or, for a group, the group's. Methods are named "Type.Method", the
// fields of a struct "Type.Field".
func exported(files []sourceFile, visit func(name string, doc *ast.CommentGroup, node ast.Node)) {
	for _, f := range files {
		if f.dir != "." || f.isTest {
			continue
		}
		for _, decl := range f.syntax.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if name, ok := functionName(decl); ok {
					visit(name, decl.Doc, decl.Type)
				}
			case *ast.GenDecl:
				exportedSpecs(decl, visit)
			}
		}
	}
}

func functionName(fn *ast.FuncDecl) (string, bool) {
	if fn.Recv == nil {
		return fn.Name.Name, fn.Name.IsExported()
	}
	receiver := rootName(fn.Recv.List[0].Type)
	return receiver.Name + "." + fn.Name.Name, receiver.IsExported() && fn.Name.IsExported()
}

func exportedSpecs(group *ast.GenDecl, visit func(string, *ast.CommentGroup, ast.Node)) {
	either := func(own *ast.CommentGroup) *ast.CommentGroup {
		if own == nil {
			return group.Doc
		}
		return own
	}
	for _, spec := range group.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() {
					visit(name.Name, either(spec.Doc), spec.Type)
				}
			}
		case *ast.TypeSpec:
			if !spec.Name.IsExported() {
				continue
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				visit(spec.Name.Name, either(spec.Doc), spec.Type)
				continue
			}
			visit(spec.Name.Name, either(spec.Doc), nil)
			for _, field := range fields.Fields.List {
				doc := field.Doc
				if doc == nil {
					doc = field.Comment // at the end of its line
				}
				for _, name := range field.Names {
					if name.IsExported() {
						visit(spec.Name.Name+"."+name.Name, doc, field.Type)
					}
				}
			}
		}
	}
}

func TestPublicNamesAreDocumented(t *testing.T) {
	_, files := source(t)
	exported(files, func(name string, doc *ast.CommentGroup, _ ast.Node) {
		if doc == nil || strings.TrimSpace(doc.Text()) == "" {
			t.Errorf("%s has no comment", name)
		}
	})
}

// The API is made of the standard library's types and its own: users must be able
// to name every type in it, and no library's next major version may break it.
func TestPublicTypesAreOursOrTheStandardLibrarys(t *testing.T) {
	_, files := source(t)
	imports := map[string]string{} // by the name that the files use
	for _, f := range files {
		if f.dir != "." || f.isTest {
			continue
		}
		for _, spec := range f.syntax.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			name := path.Base(p)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			imports[name] = p
		}
	}
	exported(files, func(name string, _ *ast.CommentGroup, node ast.Node) {
		if node == nil {
			return
		}
		ast.Inspect(node, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			p := imports[selector.X.(*ast.Ident).Name]
			first, _, _ := strings.Cut(p, "/")
			if p == "" || strings.Contains(first, ".") || first == "highball" {
				t.Errorf("%s: its type names %s of %q", name, selector.Sel.Name, p)
			}
			return true
		})
	})
}

func TestNoEmbeddingInPublicTypes(t *testing.T) {
	_, files := source(t)
	for _, f := range files {
		if f.dir != "." || f.isTest {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !token.IsExported(spec.Name.Name) {
				return true
			}
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range fields.Fields.List {
					if field.Names == nil {
						t.Errorf("%s embeds a type: its methods would be public", spec.Name.Name)
					}
				}
			}
			return true
		})
	}
}
