package static

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Mount says which files answer below a path.
type Mount struct {
	// URL is the decoded path, without a slash at its end; "" is all paths.
	URL string

	// Relative says that URL comes behind the path that the application is mounted under.
	Relative bool

	// Dir is the directory. File, if not empty, is the only file of it that is served,
	// for URL itself.
	Dir, File string

	// Cache is the Cache-Control of its files; empty: what Options say.
	Cache string

	// Hashed says that a name with twelve hexadecimal digits before its extension is of a
	// file that never changes, as Django's ManifestStaticFilesStorage names them.
	Hashed bool
}

// ParseMount reads "/url=DIR", where DIR may be a file and is looked for in base. What is
// there is checked.
func ParseMount(entry, base string) (Mount, error) {
	url, dir, ok := strings.Cut(entry, "=")
	if !ok || dir == "" {
		return Mount{}, fmt.Errorf("static: %q: write /URL=DIRECTORY", entry)
	}
	if !strings.HasPrefix(url, "/") {
		return Mount{}, fmt.Errorf("static: %q: the path does not begin with a slash: did you mean %q?", entry, "/"+entry)
	}
	url = strings.TrimRight(url, "/")
	if url != "" && path.Clean(url) != url {
		return Mount{}, fmt.Errorf("static: %q: requests for such a path are not taken for %q: write that", entry, path.Clean(url))
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(base, dir)
	}
	m := Mount{URL: url, Dir: filepath.Clean(dir)}
	info, err := os.Stat(m.Dir)
	switch {
	case err != nil:
		return Mount{}, fmt.Errorf("static: %s cannot be served: %w", m.Dir, err)
	case info.Mode().IsRegular() && url != "":
		m.Dir, m.File = filepath.Split(m.Dir)
	case !info.IsDir():
		return Mount{}, fmt.Errorf("static: %s is neither a directory nor a file with a path of its own", m.Dir)
	case holds(m.Dir, base):
		return Mount{}, fmt.Errorf("static: %s holds the application itself (%s): its source would be served: name a directory for files alone", m.Dir, base)
	}
	return m, nil
}

// holds says whether a directory is another, or has it somewhere below.
func holds(dir, other string) bool {
	dir, other = resolved(dir), resolved(other)
	rest, err := filepath.Rel(dir, other)
	return err == nil && filepath.IsLocal(rest)
}

func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// Path is what the mount's paths begin with, as a log says it.
func (m *Mount) Path() string {
	if m.File != "" {
		return m.URL
	}
	return m.URL + "/"
}

// Place is the directory or the file.
func (m *Mount) Place() string { return filepath.Join(m.Dir, m.File) }

// cut is the name of a file below the mount, from a decoded path.
func (m *Mount) cut(path string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(path, m.URL)
	switch {
	case !ok:
		return "", false
	case m.File != "":
		return m.File, rest == ""
	case rest == "" || rest[0] != '/':
		return "", false
	}
	return rest[1:], true
}

// isServed says whether a file may have this name: one without empty or dotted parts.
// What begins with a dot is no page, but what editors, git and shells leave behind;
// RFC 8615 has the exception.
func isServed(name string) bool {
	if !fs.ValidPath(name) || name == "." || strings.IndexByte(name, 0) >= 0 {
		return false
	}
	name = strings.TrimPrefix(name, ".well-known/")
	return name[0] != '.' && !strings.Contains(name, "/.")
}

// inOrder has the mounts of longer paths before those of shorter ones; those of one path
// stay as they are.
func inOrder(mounts []Mount) []Mount {
	ordered := slices.Clone(mounts)
	slices.SortStableFunc(ordered, func(a, b Mount) int { return len(b.URL) - len(a.URL) })
	return ordered
}
