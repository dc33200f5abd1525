package highball

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"highball/internal/gateway"
	"highball/internal/static"
	"highball/internal/worker"
)

// StaticMode says which static files of the application's framework are served in front
// of it.
type StaticMode string

// The modes of Config.AppStatic.
const (
	// StaticAutomatic serves Django's STATIC_ROOT, which Django itself never does.
	StaticAutomatic StaticMode = ""
	// StaticOff serves none.
	StaticOff StaticMode = "off"
	// StaticDeployed serves those that are there in production: Django's STATIC_ROOT, and
	// the static folders of a Flask application and its blueprints.
	StaticDeployed StaticMode = "deployed"
	// StaticDev serves them for development: of Django what its finders find instead, as
	// runserver does. Nothing is kept by clients without asking.
	StaticDev StaticMode = "dev"
)

func (c *Config) checkStatic() error {
	modes := []StaticMode{StaticAutomatic, StaticOff, StaticDeployed, StaticDev}
	if !slices.Contains(modes, c.AppStatic) {
		return fmt.Errorf("app-static: %q is not one of %s, %s, %s", c.AppStatic, StaticOff, StaticDeployed, StaticDev)
	}
	if strings.ContainsAny(c.StaticIndex, "/\x00") || strings.HasPrefix(c.StaticIndex, ".") {
		return fmt.Errorf("static-index: %q is not the name of a file: write index.html, say", c.StaticIndex)
	}
	if c.StaticMaxAge < 0 || c.StaticMaxAge%time.Second != 0 {
		return fmt.Errorf("static-max-age: write whole seconds: %s is not", c.StaticMaxAge)
	}
	return nil
}

// staticFiles are those that are served in front of the gateway: the operator's, and the
// framework's of the code that serves.
type staticFiles struct {
	files   *static.Files
	handler http.Handler // files, and the gateway behind them
	own     []static.Mount
	logger  *slog.Logger

	mu        sync.Mutex
	newest    *generation
	held      bool         // a reload is in progress: what the newest says does not hold yet
	next      worker.Ready // that
	app       []worker.Static
	notes     []string
	announced bool
}

// serveBehindStatic has requests be next's that no static file answers. The files of a
// framework are those of one application, never of several together.
func (s *Server) serveBehindStatic(next http.Handler) (err error) {
	if s.static, err = s.newStatic(next, len(s.apps) == 0 && s.cfg.AppStatic != StaticOff); err != nil {
		return err
	}
	s.serving = s.static.handler
	return nil
}

func (s *Server) newStatic(next http.Handler, app bool) (*staticFiles, error) {
	f := &staticFiles{logger: s.logger, handler: next}
	for _, entry := range s.cfg.Static {
		m, err := static.ParseMount(entry, s.cfg.Dir)
		if err != nil {
			return nil, err
		}
		f.own = append(f.own, m)
	}
	f.files = static.New(next, static.Options{
		Paths: s.staticPaths, Index: s.cfg.StaticIndex, MaxAge: s.cfg.StaticMaxAge, Done: s.staticDone(), Logger: s.logger,
	})
	if len(f.own) > 0 || app {
		f.handler = f.files
		f.files.Set(f.own)
	}
	return f, nil
}

func (s *Server) staticPaths(r *http.Request) (path, whole, info string) {
	path, whole = gateway.DecodedPath(r)
	return path, whole, s.gateway.PathInfo(r)
}

// staticDone returns what writes the access log of static files, or nil.
func (s *Server) staticDone() func(*http.Request, static.Answer) {
	log := s.onDone()
	if log == nil {
		return nil
	}
	return func(r *http.Request, a static.Answer) {
		log(r, gateway.Done{Began: a.Began, Status: a.Status, Bytes: a.Bytes, Took: time.Since(a.Began), Failure: a.Failure})
	}
}

// begin tells of a generation of the code whose workers will report.
func (f *staticFiles) begin(g *generation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.newest = g
}

// report is what a new worker says of its static files.
func (f *staticFiles) report(g *generation, ready worker.Ready) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case g != f.newest: // old code, which is about to go
	case f.held:
		f.next = ready
	default:
		f.take(ready)
	}
}

// hold has what a new generation reports wait for the end of the reload.
func (f *staticFiles) hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held, f.next = true, worker.Ready{}
}

// release ends that: the new code serves, or it has gone again.
func (f *staticFiles) release(serves bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = false
	if serves && f.next.PID != 0 {
		f.take(f.next)
	}
}

// take has the framework's files be these.
func (f *staticFiles) take(ready worker.Ready) {
	if f.announced && slices.Equal(f.app, ready.Static) && slices.Equal(f.notes, ready.StaticNotes) {
		return
	}
	f.app, f.notes = ready.Static, ready.StaticNotes
	f.files.Set(f.mounts())
	if f.announced {
		f.tell()
	}
}

func (f *staticFiles) mounts() []static.Mount {
	mounts := slices.Clone(f.own)
	for _, s := range f.app {
		mounts = append(mounts, static.Mount{
			URL: strings.TrimRight(s.URL, "/"), Dir: s.Dir, Relative: s.Relative, Cache: s.Cache, Hashed: s.Hashed,
		})
	}
	return mounts
}

// announce tells of what is served, and from then on of what changes.
func (f *staticFiles) announce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.announced = true
	f.tell()
}

func (f *staticFiles) tell() {
	for _, m := range f.mounts() {
		f.logger.Info("static files", "url", m.Path(), "from", m.Place())
	}
	for _, note := range f.notes {
		f.logger.Warn("static files: " + note)
	}
}
