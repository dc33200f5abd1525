package highball

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/watch"
)

const (
	// settle is how long nothing has to change before a reload: editors write several
	// files, and each in several steps.
	settle = 30 * time.Millisecond

	// pollChanges is how often files are looked at where the system does not tell.
	pollChanges = 500 * time.Millisecond

	// mostGivenUp is how many reloads in a row are given up because files change while
	// they run; an application that writes its own files is served all the same.
	mostGivenUp = 3

	// reloadAgain is how often a reload is tried while somebody else's is in progress.
	reloadAgain = 50 * time.Millisecond
)

// changes reloads when files change that the application is made of.
type changes struct {
	s       *Server
	gate    gate
	watcher *watch.Watcher
	settled chan []string // what has changed; takes one
	work    sync.WaitGroup
	failure atomic.Pointer[string] // why the last reload failed; nil: it did not
	ended   chan struct{}          // closed when nobody reloads any more

	mu     sync.Mutex
	begun  int // bursts of changes
	loaded int // as many of them are settled
}

func newChanges(s *Server) *changes {
	c := &changes{s: s, settled: make(chan []string, 1), ended: make(chan struct{})}
	c.gate.limit = max(s.cfg.StartTimeout, 0)
	return c
}

// watch begins to watch, before anybody loads the files, until ctx ends.
func (c *changes) watch(ctx context.Context) {
	c.watcher = watch.New(watch.Options{
		Roots: c.s.cfg.roots(), Extra: c.s.cfg.ReloadExtra, Settle: settle, Poll: pollChanges,
		Seen: c.seen, Changed: c.changed, Logger: c.s.logger,
	})
	go c.watcher.Run(ctx)
}

// seen is called at the first of several changes: from here on nobody gets old code.
func (c *changes) seen(path string) {
	defer c.s.logger.Debug("reload: requests wait, a file changes", "file", path)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	c.gate.shut()
}

func (c *changes) changed(paths []string) {
	c.mu.Lock()
	c.loaded = c.begun
	c.mu.Unlock()
	select {
	case more := <-c.settled:
		paths = append(paths, more...)
	default:
	}
	c.settled <- paths
}

// openUnlessMore lets requests in, unless there are changes that are not loaded.
func (c *changes) openUnlessMore(evenThen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if evenThen || c.begun == c.loaded && len(c.settled) == 0 {
		c.gate.open()
	}
}

// run reloads until ctx ends.
func (c *changes) run(ctx context.Context) {
	defer close(c.ended)
	defer c.gate.open()
	defer c.work.Wait()
	c.prepare(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case paths := <-c.settled:
			c.reload(ctx, paths)
		}
		c.prepare(ctx)
	}
}

// end waits until nobody reloads any more: run's context has ended.
func (c *changes) end() {
	<-c.ended
	if g := c.s.spare.Swap(nil); g != nil {
		g.Close()
	}
}

// reload reloads until the code is that of all changes so far. One that is in progress
// when a file changes is given up: its code is old, and may hang.
func (c *changes) reload(ctx context.Context, paths []string) {
	for givenUp := 0; ctx.Err() == nil; givenUp++ {
		c.s.logger.Info("reload: files have changed", "files", c.s.cfg.named(paths))
		attempt, giveUp := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- c.reloadOnce(attempt) }()
		interrupting := c.settled
		if givenUp >= mostGivenUp {
			interrupting = nil
		}
		select {
		case err := <-done:
			giveUp()
			c.finished(err, givenUp >= mostGivenUp)
			return
		case paths = <-interrupting:
			giveUp()
			<-done
		}
	}
}

// reloadOnce waits for a reload of somebody else's, which may have read the old code.
func (c *changes) reloadOnce(ctx context.Context) error {
	ticker := time.NewTicker(reloadAgain)
	defer ticker.Stop()
	for {
		err := c.reloadServer(ctx)
		if !errors.Is(err, ErrReloading) && !errors.Is(err, ErrNotStarted) {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *changes) reloadServer(ctx context.Context) error {
	if c.s.whole != nil {
		return c.s.reloadCode(ctx)
	}
	return c.s.Reload(ctx)
}

func (c *changes) finished(err error, evenThen bool) {
	c.failure.Store(nil)
	if err != nil {
		c.fail(err)
	}
	c.openUnlessMore(evenThen)
}

// fail has pages show why the new code does not start.
func (c *changes) fail(err error) {
	text := report(err)
	c.failure.Store(&text)
	c.s.codes.serve() // those that are open have this to show
}

// prepare has an interpreter wait for the next reload.
func (c *changes) prepare(ctx context.Context) {
	cfg := c.s.cfg
	if cfg.Preload || cfg.Hooks != "" || cfg.LoggerClass != "" || cfg.LogConfig != "" || c.s.spare.Load() != nil {
		return // a zygote that imports the application's code would have it too early
	}
	c.work.Go(func() {
		g := c.s.newGeneration()
		if g.factory.Prepare(ctx) != nil || ctx.Err() != nil || !c.s.spare.CompareAndSwap(nil, g) {
			g.Close()
		}
	})
}

// roots are the directories of the application.
func (c *Config) roots() []string {
	roots := []string{c.Dir}
	if dir := c.appDir(); dir != c.Dir && !strings.HasPrefix(dir, c.Dir+string(filepath.Separator)) {
		roots = append(roots, dir)
	}
	return roots
}

// named are paths as the log has them.
func (c *Config) named(paths []string) string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = path
		if short, err := filepath.Rel(c.Dir, path); err == nil && !strings.HasPrefix(short, "..") {
			names[i] = short
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - mostNamed; more > 0 {
		names = append(names[:mostNamed], "…")
	}
	return strings.Join(names, " ")
}

const mostNamed = 5
