package interp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files in a new directory, which becomes the current one. A name that
// ends in "/" is a directory, "link -> target" a link, and "-" before a name takes
// its execute permission. It returns the directory.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir()) // as os.Getwd gives it
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := plant(dir, name); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func plant(dir, name string) error {
	mode := os.FileMode(0o755)
	if rest, ok := strings.CutPrefix(name, "-"); ok {
		name, mode = rest, 0o644
	}
	link, target, isLink := strings.Cut(name, " -> ")
	path := filepath.Join(dir, link)
	if strings.HasSuffix(name, "/") {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if isLink {
		return os.Symlink(target, path)
	}
	return os.WriteFile(path, nil, mode)
}

// $D in a test's strings stands for its directory.
func expand(s, dir string) string { return strings.ReplaceAll(s, "$D", dir) }

func TestFind(t *testing.T) {
	tests := []struct {
		name         string
		files        []string
		python       string
		appDir       string
		environ      []string
		pkg          string
		path, source string
	}{
		{name: "path", files: []string{"py/python3.12"}, python: "$D/py/python3.12", path: "$D/py/python3.12", source: "--python"},
		{name: "relative path", files: []string{"py/python3.12"}, python: "./py/python3.12", path: "$D/py/python3.12", source: "--python"},
		{name: "name on PATH", files: []string{"bin/pypy3"}, python: "pypy3", environ: []string{"PATH=/nonexistent:$D/bin"}, path: "$D/bin/pypy3", source: "--python"},
		{name: "virtualenv", files: []string{"env/bin/python"}, python: "$D/env", path: "$D/env/bin/python", source: "--python"},
		{name: "virtualenv, relative", files: []string{".venv/bin/python"}, python: ".venv", path: "$D/.venv/bin/python", source: "--python"},
		{name: "virtualenv, slash", files: []string{".venv/bin/python"}, python: ".venv/", path: "$D/.venv/bin/python", source: "--python"},
		{name: "PATH comes before the directory", files: []string{"bin/py", "py/bin/python"}, python: "py", environ: []string{"PATH=$D/bin"}, path: "$D/bin/py", source: "--python"},
		{name: "--python comes first", files: []string{"a/bin/python", "b/bin/python"}, python: "./a", environ: []string{"VIRTUAL_ENV=$D/b"}, path: "$D/a/bin/python", source: "--python"},
		{name: "link stays", files: []string{"real", "env/bin/python3 -> ../../real", "env/bin/python -> python3"}, python: "env", path: "$D/env/bin/python", source: "--python"},

		{name: "VIRTUAL_ENV", files: []string{"v/bin/python", ".venv/pyvenv.cfg", ".venv/bin/python"}, environ: []string{"VIRTUAL_ENV=$D/v"}, path: "$D/v/bin/python", source: "$VIRTUAL_ENV"},
		{name: "VIRTUAL_ENV twice", files: []string{"v/bin/python"}, environ: []string{"VIRTUAL_ENV=/x", "VIRTUAL_ENV=$D/v"}, path: "$D/v/bin/python", source: "$VIRTUAL_ENV"},
		{name: "VIRTUAL_ENV empty", files: []string{"bin/python3"}, environ: []string{"VIRTUAL_ENV=", "PATH=$D/bin"}, path: "$D/bin/python3", source: "python3 on PATH"},

		{name: ".venv", files: []string{".venv/pyvenv.cfg", ".venv/bin/python", "venv/pyvenv.cfg", "venv/bin/python"}, path: "$D/.venv/bin/python", source: ".venv beside the application"},
		{name: "venv", files: []string{"app/venv/pyvenv.cfg", "app/venv/bin/python"}, appDir: "app", path: "$D/app/venv/bin/python", source: "venv beside the application"},
		{name: ".venv of the application, not of here", files: []string{".venv/pyvenv.cfg", ".venv/bin/python", "app/", "bin/python3"}, appDir: "$D/app", environ: []string{"PATH=$D/bin"}, path: "$D/bin/python3", source: "python3 on PATH"},
		{name: ".venv is no virtualenv", files: []string{".venv/bin/python", "venv/pyvenv.cfg", "venv/bin/python"}, path: "$D/venv/bin/python", source: "venv beside the application"},
		{name: ".venv is a file", files: []string{".venv", "bin/python3"}, environ: []string{"PATH=$D/bin"}, path: "$D/bin/python3", source: "python3 on PATH"},
		{name: ".venv of Windows", files: []string{".venv/pyvenv.cfg", ".venv/Scripts/python.exe", "bin/python3"}, environ: []string{"PATH=$D/bin"}, path: "$D/bin/python3", source: "python3 on PATH"},

		{name: "where the package is", files: []string{"p/python", "v/bin/python"}, pkg: "$D/p/python", environ: []string{"VIRTUAL_ENV=$D/v"}, path: "$D/p/python", source: "where highball is installed"},
		{name: "--python, not where the package is", files: []string{"p/python", "v/bin/python"}, pkg: "$D/p/python", python: "v", path: "$D/v/bin/python", source: "--python"},
		{name: "the package is gone", files: []string{"bin/python3"}, pkg: "$D/p/python", environ: []string{"PATH=$D/bin"}, path: "$D/bin/python3", source: "python3 on PATH"},

		{name: "python3 before python", files: []string{"a/python", "b/python3"}, environ: []string{"PATH=$D/a:$D/b"}, path: "$D/b/python3", source: "python3 on PATH"},
		{name: "python", files: []string{"a/python"}, environ: []string{"PATH=$D/a"}, path: "$D/a/python", source: "python on PATH"},
		{name: "PATH skips what does not run", files: []string{"-a/python3", "b/python3/", "c/python3 -> gone", "d/python3"}, environ: []string{"PATH=$D/a:$D/b:$D/c:$D/d"}, path: "$D/d/python3", source: "python3 on PATH"},
		{name: "PATH skips relative directories", files: []string{"python3", "a/python3", "b/python3"}, environ: []string{"PATH=:.:a:$D/b"}, path: "$D/b/python3", source: "python3 on PATH"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files...)
			o := Options{Python: expand(tt.python, dir), AppDir: expand(tt.appDir, dir), Package: expand(tt.pkg, dir)}
			for _, e := range tt.environ {
				o.Environ = append(o.Environ, expand(e, dir))
			}
			got, err := Find(o)
			if want := (Interpreter{expand(tt.path, dir), tt.source}); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	tests := []struct {
		name    string
		files   []string
		python  string
		environ []string
		want    []string
	}{
		{"nothing anywhere", nil, "", []string{"PATH=$D/bin"},
			[]string{"no Python found: $VIRTUAL_ENV is not set, $D has no virtualenv (.venv or venv), and PATH has no python3 or python", "install Python 3.9 or newer", "--python"}},
		{"no such file", nil, "./py", nil, []string{"--python $D/py: no such file"}},
		{"no such name", nil, "py", nil, []string{"--python py: no such program on PATH and no virtualenv", "install it"}},
		{"file here, not on PATH", []string{"py"}, "py", nil, []string{"did you mean ./py?"}},
		{"not executable", []string{"-py"}, "./py", nil, []string{"$D/py is not executable", "chmod +x"}},
		{"not a virtualenv", []string{"env/"}, "env", nil, []string{"--python $D/env: the directory has no bin/python"}},
		{"below a file", []string{"f"}, "./f/python", nil, []string{"$D/f/python", "not a directory"}},
		{"link loop", []string{"a -> b", "b -> a"}, "./a", nil, []string{"$D/a", "symbolic links"}},
		{"interpreter is a directory", []string{"env/bin/python/"}, "env", nil, []string{"$D/env/bin/python is not a file"}},
		{"dangling --python", []string{"env/bin/python -> /nonexistent/python3.8"}, "env", nil,
			[]string{"$D/env/bin/python is a link to /nonexistent/python3.8, which does not exist: was that Python uninstalled?"}},
		{"dangling .venv", []string{".venv/pyvenv.cfg", ".venv/bin/python -> python3", ".venv/bin/python3 -> ../gone", "bin/python3"}, "", []string{"PATH=$D/bin"},
			[]string{"$D/.venv/bin/python is a link to $D/.venv/gone, which does not exist", "make the virtualenv again"}},
		{"unusable .venv", []string{".venv/pyvenv.cfg", "-.venv/bin/python", "bin/python3"}, "", []string{"PATH=$D/bin"},
			[]string{"$D/.venv/bin/python is not executable"}},
		{"VIRTUAL_ENV is gone", []string{"bin/python3"}, "", []string{"PATH=$D/bin", "VIRTUAL_ENV=$D/v"},
			[]string{"$VIRTUAL_ENV is $D/v, which has no bin/python: was the virtualenv moved or deleted?", "deactivate"}},
		{"VIRTUAL_ENV is relative", []string{"v/bin/python"}, "", []string{"VIRTUAL_ENV=v"}, []string{`$VIRTUAL_ENV is "v"`, "not an absolute path"}},
		{"dangling VIRTUAL_ENV", []string{"v/bin/python -> gone"}, "", []string{"VIRTUAL_ENV=$D/v"},
			[]string{"$VIRTUAL_ENV: $D/v/bin/python is a link to $D/v/bin/gone"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files...)
			o := Options{Python: tt.python}
			for _, e := range tt.environ {
				o.Environ = append(o.Environ, expand(e, dir))
			}
			got, err := Find(o)
			if err == nil {
				t.Fatalf("got %+v, want an error", got)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), expand(part, dir)) {
					t.Errorf("got %q, want %q in it", err, expand(part, dir))
				}
			}
		})
	}
}

func TestCheckVersion(t *testing.T) {
	i := Interpreter{Path: "/usr/bin/python3"}
	for _, v := range [][2]int{{3, 9}, {3, 10}, {3, 14}, {4, 0}} {
		if err := i.CheckVersion(v[0], v[1]); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
	for _, v := range [][2]int{{3, 8}, {2, 7}, {2, 10}} {
		if i.CheckVersion(v[0], v[1]) == nil {
			t.Errorf("%v: no error", v)
		}
	}
	const want = "python 3.8 at /usr/bin/python3 is too old: Highball needs 3.9 or newer; choose another with --python"
	if err := i.CheckVersion(3, 8); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
