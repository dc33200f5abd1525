package watch

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options say what is watched, and who is told.
type Options struct {
	Roots []string // directories: what Source accepts in them and below
	Extra []string // files, directories and patterns as of filepath.Glob, of any name

	Settle time.Duration // for how long nothing has to change until Changed is called
	Poll   time.Duration // how often files are looked at where the system does not tell

	// Seen is called at the first change of several, Changed when no more have come for a
	// while. Both are called by Run, one after the other.
	Seen    func(path string)
	Changed func(paths []string)

	Logger *slog.Logger

	notifier func() (notifier, error) // nil: the system's
}

// notifier is what the system's watches are to a Watcher.
type notifier interface {
	Add(dir string) error
	Close() error
	Channels() (<-chan fsnotify.Event, <-chan error)
}

// Watcher watches files. Its zero value is not usable, [New] makes one.
type Watcher struct {
	opts Options
	more chan struct{} // holds one token: there are files that Use has brought

	mu     sync.Mutex
	brings []string

	// What follows is Run's own.
	files   map[string]stamp // by path, as last seen; those that are in use, or sources
	used    map[string]bool  // in use, whatever they are called
	dirs    map[string]bool  // watched
	system  notifier         // nil: files are looked at
	running bool             // what was there at the start is known
	told    bool             // that there are too many directories
	changed map[string]bool  // since Seen was called
	notes   int              // changes so far
	began   time.Time        // when that was
}

// New returns a Watcher that knows how the files of opts are now; Run watches them.
func New(opts Options) *Watcher {
	if opts.notifier == nil {
		opts.notifier = systemNotifier
	}
	w := &Watcher{
		opts: opts, more: make(chan struct{}, 1),
		files: map[string]stamp{}, used: map[string]bool{}, dirs: map[string]bool{}, changed: map[string]bool{},
	}
	var err error
	if w.system, err = opts.notifier(); err != nil {
		w.fallBack(err)
	}
	for _, root := range opts.Roots {
		w.enter(root)
	}
	w.enterExtra()
	w.running = true
	return w
}

// Use adds files that the program has loaded. It does not wait.
func (w *Watcher) Use(paths []string) {
	w.mu.Lock()
	w.brings = append(w.brings, paths...)
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	defer w.close()
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	poll := time.NewTicker(w.opts.Poll)
	defer poll.Stop()
	for {
		before := w.notes
		events, errs := w.channels()
		select {
		case <-ctx.Done():
			return
		case <-w.more:
			w.take()
		case e := <-events:
			w.event(e)
		case err := <-errs:
			w.trouble(err)
		case <-poll.C:
			if w.system == nil {
				w.look()
			}
		case <-settled.C:
			w.tell()
			continue
		}
		if w.notes != before && time.Since(w.began) < mostSettles*w.opts.Settle {
			settled.Reset(w.opts.Settle)
		}
	}
}

// mostSettles bounds how long changes that do not end keep Changed from being called, in
// times of Settle.
const mostSettles = 10

func (w *Watcher) channels() (<-chan fsnotify.Event, <-chan error) {
	if w.system == nil {
		return nil, nil
	}
	return w.system.Channels()
}

func (w *Watcher) close() {
	if w.system != nil {
		_ = w.system.Close()
	}
}

// tell says what has changed, if anything has.
func (w *Watcher) tell() {
	paths := make([]string, 0, len(w.changed))
	for path := range w.changed {
		paths = append(paths, path)
	}
	clear(w.changed)
	if len(paths) > 0 {
		w.opts.Changed(paths)
	}
}

// take begins to watch what Use has brought.
func (w *Watcher) take() {
	w.mu.Lock()
	paths := w.brings
	w.brings = nil
	w.mu.Unlock()
	for _, path := range paths {
		w.use(filepath.Clean(path))
		if real, err := filepath.EvalSymlinks(path); err == nil {
			w.use(real)
		}
	}
}

func (w *Watcher) use(path string) {
	if w.used[path] {
		return
	}
	w.used[path] = true
	if _, known := w.files[path]; !known {
		w.files[path] = stampOf(path)
	}
	w.add(filepath.Dir(path))
}

// add watches a directory.
func (w *Watcher) add(dir string) {
	if w.dirs[dir] {
		return
	}
	w.dirs[dir] = true
	if w.system == nil {
		return
	}
	if err := w.system.Add(dir); err != nil {
		delete(w.dirs, dir) // it may come back
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
			w.fallBack(err)
		}
	}
}

// fallBack has files looked at from now on.
func (w *Watcher) fallBack(err error) {
	w.close()
	w.system = nil
	w.opts.Logger.Warn("the system watches no more files for this user, so they are looked at from time to time: raise fs.inotify.max_user_watches and max_user_instances",
		"every", w.opts.Poll, "error", err)
}

// trouble is what the system says instead of an event: that some were lost, mostly.
func (w *Watcher) trouble(err error) {
	w.opts.Logger.Debug("watching files", "error", err)
	w.look()
}

// system's own watches, as a notifier.
type system struct{ *fsnotify.Watcher }

func systemNotifier() (notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return system{w}, nil
}

// Channels implements notifier.
func (s system) Channels() (<-chan fsnotify.Event, <-chan error) { return s.Events, s.Errors }
