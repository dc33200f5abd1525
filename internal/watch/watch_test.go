package watch

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// patience bounds each wait; only a test that fails reaches it.
const patience = 20 * time.Second

// settled is long enough for a write and the event that it makes.
const settled = 30 * time.Millisecond

// tree is a directory that is watched.
type tree struct {
	*Watcher
	t       *testing.T
	dir     string
	seen    chan string
	changed chan []string
	log     *logged
}

type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

// plant makes the files and watches them.
func plant(t *testing.T, change func(*Options), files ...string) *tree {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tr := &tree{t: t, dir: dir, seen: make(chan string, 100), changed: make(chan []string, 100), log: &logged{}}
	for _, name := range files {
		tr.write(name, "first")
	}
	opts := Options{
		Roots: []string{dir}, Settle: settled, Poll: settled,
		Seen: func(path string) { tr.seen <- path }, Changed: func(paths []string) { tr.changed <- paths },
		Logger: slog.New(slog.NewTextHandler(tr.log, nil)),
	}
	if change != nil {
		change(&opts)
	}
	tr.Watcher = New(opts)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); tr.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return tr
}

func (tr *tree) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(tr.dir, name)
}

func (tr *tree) write(name, text string) {
	tr.t.Helper()
	path := tr.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tr.t.Fatal(err)
	}
}

// want waits until these have been told, together or one after the other, and nothing else.
func (tr *tree) want(names ...string) {
	tr.t.Helper()
	left := map[string]bool{}
	for _, name := range names {
		left[tr.path(name)] = true
	}
	timeout := time.After(patience)
	for len(left) > 0 {
		select {
		case paths := <-tr.changed:
			for _, path := range paths {
				if !slices.ContainsFunc(names, func(name string) bool { return tr.path(name) == path }) {
					tr.t.Errorf("%s has changed", path)
				}
				delete(left, path)
			}
		case <-timeout:
			tr.t.Fatalf("nothing was told of %v", left)
		}
	}
}

func TestEachWayOfSaving(t *testing.T) {
	tr := plant(t, nil, "app.py", "pkg/views.py", "templates/page.html", "templates/mail.txt")
	tr.write("app.py", "second")
	tr.want("app.py")
	tr.write("pkg/views.py", "second")
	tr.want("pkg/views.py")
	tr.write("templates/page.html", "second")
	tr.want("templates/page.html")
	tr.write("templates/mail.txt", "second")
	tr.want("templates/mail.txt")
	tr.write("new.py", "new")
	tr.want("new.py")
	if err := os.Remove(tr.path("new.py")); err != nil {
		t.Fatal(err)
	}
	tr.want("new.py")
}

// Editors write beside the file and rename, some after they have moved the old one away.
func TestRenamedOver(t *testing.T) {
	tr := plant(t, nil, "app.py")
	for _, backup := range []bool{false, true} {
		tr.write("4913", "")
		tr.write(".app.py.swp", "swap")
		if backup {
			if err := os.Rename(tr.path("app.py"), tr.path("app.py~")); err != nil {
				t.Fatal(err)
			}
		}
		tr.write("app.py.new", "next")
		if err := os.Rename(tr.path("app.py.new"), tr.path("app.py")); err != nil {
			t.Fatal(err)
		}
		tr.want("app.py")
	}
}

// A package that is moved in was not watched when its files were written.
func TestPackageMovedIn(t *testing.T) {
	tr := plant(t, nil, "app.py")
	elsewhere := filepath.Join(t.TempDir(), "shop")
	tr.write(filepath.Join(elsewhere, "deep/__init__.py"), "x")
	if err := os.Rename(elsewhere, tr.path("shop")); err != nil {
		t.Fatal(err)
	}
	tr.want("shop/deep/__init__.py")
	tr.write("shop/deep/more.py", "x")
	tr.want("shop/deep/more.py")
	if err := os.Rename(tr.path("shop"), filepath.Join(t.TempDir(), "gone")); err != nil {
		t.Fatal(err)
	}
	tr.want("shop/deep/__init__.py", "shop/deep/more.py")
	tr.write("shop/deep/more.py", "back")
	tr.want("shop/deep/more.py")
}

// What comes together is told together, and seen at the first of it.
func TestToldTogether(t *testing.T) {
	tr := plant(t, func(o *Options) { o.Settle = 300 * time.Millisecond }, "a.py", "b.py", "c.py")
	for _, name := range []string{"a.py", "b.py", "c.py"} {
		tr.write(name, "second")
	}
	if got := <-tr.seen; got != tr.path("a.py") {
		t.Errorf("first %s was seen", got)
	}
	began := time.Now()
	if paths := <-tr.changed; len(paths) != 3 || time.Since(began) > 5*tr.opts.Settle {
		t.Errorf("told of %v, %s later", paths, time.Since(began))
	}
	if len(tr.seen) > 0 {
		t.Error("what was told together was seen twice")
	}
}

// What no editor has written does not count, nor do a new mode or the time of access.
func TestWhatDoesNotCount(t *testing.T) {
	tr := plant(t, nil, "app.py", ".git/config.py", "node_modules/a.py", "venv/pyvenv.cfg", "venv/lib/b.py", "notes.txt", "__pycache__/x.py")
	for _, name := range []string{".git/config.py", "node_modules/a.py", "venv/lib/b.py", "notes.txt", "__pycache__/x.py", ".#app.py", "app.py~", "flycheck_app.py", "data.json"} {
		tr.write(name, "second")
	}
	tr.write("__pycache__/new.py", "x")
	if err := os.Chmod(tr.path("app.py"), 0o640); err != nil {
		t.Fatal(err)
	}
	tr.write("app.py", "the last, so that all before it was seen")
	tr.want("app.py")
}

// Use brings files of anywhere, whatever they are called.
func TestUse(t *testing.T) {
	tr := plant(t, nil)
	library, linked := filepath.Join(t.TempDir(), "site-packages", "lib.cfg"), filepath.Join(t.TempDir(), "link.py")
	tr.write(library, "first")
	target := filepath.Join(t.TempDir(), "target.py")
	tr.write(target, "first")
	if err := os.Symlink(target, linked); err != nil {
		t.Fatal(err)
	}
	tr.Use([]string{library, linked})
	tr.write("marker.py", "x") // told after Use was taken
	tr.want("marker.py")
	tr.write(library, "second")
	tr.want(library)
	tr.write(target, "second")
	tr.want(target)
}

func TestExtra(t *testing.T) {
	outside := t.TempDir()
	tr := plant(t, func(o *Options) {
		o.Extra = []string{filepath.Join(outside, "*.yaml"), filepath.Join(outside, "one"), filepath.Join(outside, "all")}
	})
	_ = os.Mkdir(filepath.Join(outside, "late"), 0o755)
	for _, name := range []string{"a.yaml", "one"} {
		tr.write(filepath.Join(outside, "b.json"), "does not count")
		tr.write(filepath.Join(outside, name), "x")
		tr.want(filepath.Join(outside, name))
	}
}

func TestExtraDirectory(t *testing.T) {
	outside := t.TempDir()
	tr := plant(t, func(o *Options) { o.Extra = []string{outside} })
	tr.write(filepath.Join(outside, "any.thing"), "x")
	tr.want(filepath.Join(outside, "any.thing"))
}

// limited is a system that watches no more directories than it is told to.
type limited struct {
	system
	left int
}

func (l *limited) Add(dir string) error {
	if l.left--; l.left < 0 {
		return &os.PathError{Op: "inotify_add_watch", Path: dir, Err: syscall.ENOSPC}
	}
	return l.system.Add(dir)
}

// At the system's limit files are looked at, and the log says so.
func TestLimitReached(t *testing.T) {
	none := errors.Join(syscall.EMFILE)
	for name, notifier := range map[string]func() (notifier, error){
		"of watches": func() (notifier, error) {
			w, err := fsnotify.NewWatcher()
			return &limited{system{w}, 1}, err
		},
		"of instances": func() (notifier, error) { return nil, none },
	} {
		t.Run(name, func(t *testing.T) {
			tr := plant(t, func(o *Options) { o.notifier = notifier }, "app.py", "pkg/deep/views.py")
			if !tr.log.has("watches no more files") {
				t.Error("the log does not tell")
			}
			tr.write("pkg/deep/views.py", "second")
			tr.want("pkg/deep/views.py")
			tr.write("pkg/new.py", "second")
			tr.want("pkg/new.py")
			if err := os.Remove(tr.path("app.py")); err != nil {
				t.Fatal(err)
			}
			tr.want("app.py")
			outside := filepath.Join(t.TempDir(), "lib.py")
			tr.write(outside, "first")
			tr.Use([]string{outside})
			tr.write("marker.py", "x")
			tr.want("marker.py")
			tr.write(outside, "second")
			tr.want(outside)
		})
	}
}

// Changes that do not end are told all the same.
func TestEndlessChanges(t *testing.T) {
	tr := plant(t, nil, "app.py")
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.WriteFile(tr.path("app.py"), []byte(time.Now().String()), 0o600)
			}
		}
	})
	select {
	case <-tr.changed:
	case <-time.After(patience):
		t.Error("nothing was told")
	}
	close(stop)
	writing.Wait()
}
