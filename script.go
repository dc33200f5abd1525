package highball

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"highball/internal/touch"
)

// script is the application's file, for Config.ReloadOnScriptChange.
type script struct {
	reload func(context.Context) error

	mu      sync.Mutex
	file    *touch.File
	changes int           // of the file, so far
	served  int           // of these, such as the workers have, or could not be started with
	running chan struct{} // closed when the reload in progress has ended; nil: there is none
}

// newScript returns nil where the file is not to be looked at.
func (s *Server) newScript() (*script, error) {
	if !s.cfg.ReloadOnScriptChange {
		return nil, nil
	}
	path := s.cfg.scriptFile()
	if path == "" {
		return nil, fmt.Errorf("reload-on-script-change: %q names no file: name the application by its file, or use touch-reload", s.cfg.App)
	}
	return &script{reload: s.reloadCode, file: touch.New(path)}, nil
}

// scriptFile is the file that App names, or "".
func (c *Config) scriptFile() string {
	path, _, _ := strings.Cut(c.App, ":")
	if ext := filepath.Ext(path); ext != ".wsgi" && ext != ".py" {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Dir, path)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// fresh returns when the workers have the file as it is now, or it is known that they
// cannot: the old code serves then. Who asked may go before.
func (s *script) fresh(ctx context.Context) {
	s.mu.Lock()
	if s.file.Changed() {
		s.changes++
		if s.running == nil {
			s.running = make(chan struct{})
			go s.follow(s.running)
		}
	}
	running := s.running
	s.mu.Unlock()
	if running == nil {
		return
	}
	select {
	case <-running:
	case <-ctx.Done():
	}
}

// follow reloads until the workers have the last change.
func (s *script) follow(ended chan struct{}) {
	defer close(ended)
	for {
		s.mu.Lock()
		if s.served == s.changes {
			s.running = nil
			s.mu.Unlock()
			return
		}
		next := s.changes
		s.mu.Unlock()
		s.reloadOnce()
		s.mu.Lock()
		s.served = next
		s.mu.Unlock()
	}
}

// reloadOnce reloads, after a reload that is in progress already: that may have read the
// file as it was. The log has the errors.
func (s *script) reloadOnce() {
	ticker := time.NewTicker(reloadLook)
	defer ticker.Stop()
	for errors.Is(s.reload(context.Background()), ErrReloading) {
		<-ticker.C
	}
}

// reloadLook is how often a reload that waits for another is tried.
const reloadLook = 100 * time.Millisecond

// environ is what each request's has by the Config, with what a script of mod_wsgi looks
// for and is true here as well: the processes are the application's own, and it runs in
// their main interpreter.
func (s *Server) environ() map[string]string {
	path, attribute, _ := strings.Cut(s.cfg.App, ":")
	if filepath.Ext(path) != ".wsgi" {
		return s.cfg.Environ
	}
	reloading := "0"
	if s.cfg.ReloadOnScriptChange {
		reloading = "1"
	}
	environ := map[string]string{
		"mod_wsgi.process_group":     latin1(cmp.Or(s.name, "/")),
		"mod_wsgi.application_group": "",
		"mod_wsgi.callable_object":   cmp.Or(attribute, "application"),
		"mod_wsgi.script_reloading":  reloading,
	}
	maps.Copy(environ, s.cfg.Environ)
	return environ
}

// latin1 leaves out what environ cannot hold (PEP 3333).
func latin1(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFF {
			return '?'
		}
		return r
	}, text)
}
