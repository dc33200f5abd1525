package highball_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The house rules that a program can check. CONTRIBUTING.md gives the others. A
// rule that stands in the way is changed here, with the reason, not gone around.

const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

// importersOfRoot are the directories whose packages may import package highball.
var importersOfRoot = []string{"cmd", "e2e", "bench", "examples"}

// spokes are the imports between packages of internal; what is not listed may
// import none but internal/wire.
var spokes = map[string][]string{
	"internal/wire":     {},
	"internal/rawio":    {},
	"internal/worker":   {"internal/pyworker", "internal/rawio", "internal/wire"},
	"internal/front":    {"internal/h1", "internal/h2", "internal/h3", "internal/obs", "internal/origin", "internal/proxyproto", "internal/rawio", "internal/uwsgi"},
	"internal/h2":       {"internal/h1"}, // one place for each rule of both
	"internal/h3":       {"internal/h1", "internal/origin"},
	"internal/uwsgi":    {"internal/h1", "internal/origin"},
	"internal/gateway":  {"internal/obs", "internal/origin", "internal/spool", "internal/wire"},
	"internal/certs":    {"internal/origin"},
	"internal/https":    {"internal/origin"},
	"internal/control":  {"internal/listen"}, // one rule for the files of sockets
	"internal/gunicorn": {"internal/migrate", "internal/settings"},
	"internal/migrate":  {"internal/settings"},

	"internal/uwsgiconf": {"internal/migrate", "internal/settings"},

	"internal/static":  {"internal/obs"},
	"internal/statsd":  {"internal/obs"},
	"internal/proxied": {"internal/h1", "internal/obs", "internal/origin"},
}

// libraries are the packages of others, and who may import them outside of tests.
var libraries = map[string][]string{
	"github.com/spf13/cobra":          {"cmd"},
	"github.com/spf13/pflag":          {"internal/settings"},
	"github.com/BurntSushi/toml":      {"internal/settings"},
	"golang.org/x/crypto/ocsp":        {"internal/certs"},
	"golang.org/x/net/http2/hpack":    {"internal/h2", "e2e"},
	"golang.org/x/sys/unix":           {"internal", "bench"},
	"github.com/fsnotify/fsnotify":    {"internal/watch"},
	"github.com/rogpeppe/go-internal": {}, // tests only

	"github.com/caddyserver/certmagic":      {"internal/acme"},
	"github.com/mholt/acmez/v3/acme":        {"internal/acme"}, // its errors and challenges
	"go.uber.org/zap":                       {"internal/acme"}, // its log
	"go.uber.org/zap/zapcore":               {"internal/acme"},
	"golang.org/x/net/ipv4":                 {"internal/listen"},
	"github.com/quic-go/quic-go":            {"internal/h3", "e2e"}, // a client of the tests
	"github.com/quic-go/quic-go/quicvarint": {"internal/h3", "e2e"},
	"github.com/quic-go/qpack":              {"internal/h3", "e2e"},
	"github.com/quic-go/quic-go/http3":      {"bench"}, // a client
	"golang.org/x/net/http2":                {"e2e"},   // frames of the tests' client
}

// sourceFile is one Go file of the module.
type sourceFile struct {
	dir, name string // dir is "." for the root
	lines     int
	isTest    bool
	syntax    *ast.File
}

func (f sourceFile) path() string { return path.Join(f.dir, f.name) }

// within says whether the file is in one of these directories or below.
func (f sourceFile) within(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return f.dir == dir || strings.HasPrefix(f.dir, dir+"/")
	})
}

// isProduct says whether the file is part of what users run.
func (f sourceFile) isProduct() bool { return f.dir == "." || f.within("cmd", "internal") }

func (f sourceFile) imports() (paths []string) {
	for _, spec := range f.syntax.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// source parses the whole module.
func source(t *testing.T) (*token.FileSet, []sourceFile) {
	t.Helper()
	fset := token.NewFileSet()
	var files []sourceFile
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(base) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, sourceFile{
			dir: path.Dir(filepath.ToSlash(name)), name: base,
			lines:  strings.Count(string(text), "\n"),
			isTest: strings.HasSuffix(base, "_test.go"), syntax: syntax,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fset, files
}

// byPackage groups files that are not tests by their directory.
func byPackage(files []sourceFile) map[string][]sourceFile {
	packages := map[string][]sourceFile{}
	for _, f := range files {
		if !f.isTest {
			packages[f.dir] = append(packages[f.dir], f)
		}
	}
	return packages
}

func TestImportsWithinTheModule(t *testing.T) {
	_, files := source(t)
	for _, f := range files {
		for _, imported := range f.imports() {
			if imported == "highball" && f.dir != "." && !f.within(importersOfRoot...) {
				t.Errorf("%s imports the root: only %v may", f.path(), importersOfRoot)
			}
			spoke, internal := strings.CutPrefix(imported, "highball/internal/")
			if !internal || !f.within("internal") || f.isTest && ((sourceFile{dir: "internal/" + spoke}).within(f.dir) || strings.HasSuffix(spoke, "test")) {
				continue // a package's tests import it, the helpers below it, and those of others
			}
			allowed, listed := spokes[f.dir]
			if !listed {
				allowed = []string{"internal/wire"}
			}
			if !slices.Contains(allowed, "internal/"+spoke) {
				t.Errorf("%s imports %s: %s may import %v", f.path(), imported, f.dir, allowed)
			}
		}
	}
}

func TestImportsOfLibraries(t *testing.T) {
	_, files := source(t)
	for _, f := range files {
		for _, imported := range f.imports() {
			first, _, _ := strings.Cut(imported, "/")
			if f.isTest || !strings.Contains(first, ".") {
				continue
			}
			if users, known := libraries[imported]; !known {
				t.Errorf("%s imports %s, a library that is not in this rule's table", f.path(), imported)
			} else if !f.within(users...) {
				t.Errorf("%s imports %s: only %v may", f.path(), imported, users)
			}
		}
	}
}

// Processes are made in one place, which knows how they end, and for the tools that have
// a machine trust a certificate or evaluate a configuration, which are waited for.
func TestOnlyTheWorkerPackageStartsProcesses(t *testing.T) {
	_, files := source(t)
	for _, f := range files {
		if f.isProduct() && !f.isTest && !f.within("internal/worker", "internal/localca", "internal/gunicorn") && slices.Contains(f.imports(), "os/exec") {
			t.Errorf("%s imports os/exec: only internal/worker, internal/localca and internal/gunicorn may", f.path())
		}
	}
}

func TestOnePackageCommentPerPackage(t *testing.T) {
	_, files := source(t)
	for dir, pkg := range byPackage(files) {
		var with []string
		for _, f := range pkg {
			if f.syntax.Doc != nil {
				with = append(with, f.name)
			}
		}
		if len(with) != 1 {
			t.Errorf("%s: a package comment in %v, want it in one file", dir, with)
		}
	}
}

func TestArchitectureNamesEachPackage(t *testing.T) {
	text, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, files := source(t)
	for dir := range byPackage(files) {
		if strings.HasPrefix(dir, "internal/") && !strings.Contains(string(text), "| `"+dir+"` |") {
			t.Errorf("docs/ARCHITECTURE.md has no row for %s", dir)
		}
	}
}

func TestNoInit(t *testing.T) {
	_, files := source(t)
	for _, f := range files {
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function: let the caller decide when work is done", f.path())
			}
		}
	}
}

func TestNoSleepInTests(t *testing.T) {
	fset, files := source(t)
	for _, f := range files {
		if !f.isTest {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && callee(call) == "time.Sleep" {
				t.Errorf("%s: a test sleeps: wait on a condition", fset.Position(call.Pos()))
			}
			return true
		})
	}
}

func TestSizes(t *testing.T) {
	fset, files := source(t)
	for _, f := range files {
		if f.isTest {
			continue
		}
		if f.lines > maxFileLines {
			t.Errorf("%s has %d lines, at most %d: is it two ideas?", f.path(), f.lines, maxFileLines)
		}
		for _, decl := range f.syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
			if lines > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, at most %d", f.path(), fn.Name.Name, lines, maxFunctionLines)
			}
		}
	}
}

// callee is the called function as it is written, "time.Sleep", or "".
func callee(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if pkg, ok := fun.X.(*ast.Ident); ok {
			return pkg.Name + "." + fun.Sel.Name
		}
	}
	return ""
}
