package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// mostDirs is how many directories are watched below the roots: somebody may have
// started in the home directory. What is loaded is watched without a limit.
const mostDirs = 4096

// stamp tells one state of a file from another.
type stamp struct {
	there bool
	inode uint64
	size  int64
	time  time.Time
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return stamp{}
	}
	return stamp{there: true, inode: inode(info), size: info.Size(), time: info.ModTime()}
}

func (s stamp) equal(other stamp) bool {
	return s.there == other.there && s.inode == other.inode && s.size == other.size && s.time.Equal(other.time)
}

// event is one of the system's. What counts is how the file is, not what was done to it.
func (w *Watcher) event(e fsnotify.Event) {
	path := filepath.Clean(e.Name)
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		w.left(path)
	}
	if e.Has(fsnotify.Create) && w.isRoot(path) {
		if info, err := os.Lstat(path); err == nil && info.IsDir() && !isIgnoredDir(path) {
			w.enter(path)
			return
		}
	}
	w.check(path)
}

// left forgets the watches of a directory that is not there any more; its files have
// changed.
func (w *Watcher) left(dir string) {
	if !w.dirs[dir] {
		return
	}
	below := dir + string(filepath.Separator)
	for other := range w.dirs {
		if other == dir || strings.HasPrefix(other, below) {
			delete(w.dirs, other)
		}
	}
	for path := range w.files {
		if strings.HasPrefix(path, below) {
			w.check(path)
		}
	}
}

// check looks whether a file has changed, if it counts.
func (w *Watcher) check(path string) {
	before, known := w.files[path]
	if !known && !w.counts(path) {
		return
	}
	now := stampOf(path)
	if now.equal(before) {
		return
	}
	if w.files[path] = now; !now.there && !w.used[path] {
		delete(w.files, path)
	}
	w.note(path)
}

// note begins or goes on with what is told together.
func (w *Watcher) note(path string) {
	first := len(w.changed) == 0
	w.changed[path] = true
	w.notes++
	if first {
		w.began = time.Now()
		w.opts.Seen(path)
	}
}

// counts says whether a file that nobody has loaded is one to be watched.
func (w *Watcher) counts(path string) bool {
	return w.isRoot(path) && Source(path) || w.isExtra(path)
}

func (w *Watcher) isRoot(path string) bool {
	return slices.ContainsFunc(w.opts.Roots, func(root string) bool {
		rest, below := strings.CutPrefix(path, strings.TrimSuffix(root, "/")+"/")
		return below && !slices.ContainsFunc(strings.Split(filepath.Dir(rest), "/"), isIgnoredName)
	})
}

func (w *Watcher) isExtra(path string) bool {
	return slices.ContainsFunc(w.opts.Extra, func(pattern string) bool {
		matches, err := filepath.Match(pattern, path)
		return err == nil && matches || path == pattern || filepath.Dir(path) == pattern
	})
}

// enter watches a directory and what is below it. Files that are not known are new: a
// whole package may be there before it is watched.
func (w *Watcher) enter(root string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case !entry.IsDir():
			w.meet(path)
			return nil
		case path != root && isIgnoredDir(path):
			return filepath.SkipDir
		case len(w.dirs) >= mostDirs:
			w.tellTooMany(root)
			return filepath.SkipAll
		}
		w.add(path)
		return nil
	})
}

// meet takes a file into account: at the start as it is, later as a change.
func (w *Watcher) meet(path string) {
	if !w.running {
		if w.counts(path) {
			w.files[path] = stampOf(path)
		}
		return
	}
	w.check(path)
}

func (w *Watcher) tellTooMany(root string) {
	if !w.told {
		w.told = true
		w.opts.Logger.Warn("too many directories to watch: files in the others do not reload until they are imported", "directory", root, "watched", len(w.dirs))
	}
}

// enterExtra watches where the extra files are, or will be.
func (w *Watcher) enterExtra() {
	for _, pattern := range w.opts.Extra {
		matches, _ := filepath.Glob(pattern)
		for _, path := range append(matches, pattern) {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				w.add(path)
				w.meetAll(path)
			}
			dir := filepath.Dir(path)
			if info, err := os.Stat(dir); err == nil && info.IsDir() {
				w.add(dir)
			}
			if stamp := stampOf(path); stamp.there {
				w.files[path] = stamp
			}
		}
	}
}

func (w *Watcher) meetAll(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		w.meet(filepath.Join(dir, entry.Name()))
	}
}

// look looks at all files, where the system does not tell.
func (w *Watcher) look() {
	for path := range w.files {
		w.check(path)
	}
	for _, root := range w.opts.Roots {
		w.enter(root)
	}
	for _, pattern := range w.opts.Extra {
		matches, _ := filepath.Glob(pattern)
		for _, path := range matches {
			w.check(path)
		}
	}
}

// Source says whether a file, by its name, is a part of an application: Python, a
// template, or variables of its environment.
func Source(path string) bool {
	name := filepath.Base(path)
	if name == ".env" || name == ".flaskenv" {
		return true
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasPrefix(name, "flycheck_") {
		return false
	}
	switch filepath.Ext(name) {
	case ".py", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".tmpl":
		return true
	case ".txt", ".xml", ".json", ".js", ".css", ".md":
		return strings.Contains(filepath.ToSlash(path), "/templates/")
	}
	return false
}

// isIgnoredDir says whether nobody edits what is below a directory.
func isIgnoredDir(path string) bool {
	if isIgnoredName(filepath.Base(path)) {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "pyvenv.cfg"))
	return err == nil
}

func isIgnoredName(name string) bool {
	switch name {
	case "__pycache__", "node_modules", "site-packages":
		return true
	}
	return len(name) > 1 && name[0] == '.'
}
