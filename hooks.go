package highball

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"highball/internal/worker"
)

// How long hooks may take that somebody waits for: one in the zygote, and those in all
// workers together that are about to be killed.
const (
	hookTime      = 5 * time.Second
	interruptTime = 2 * time.Second
)

// hooks are the generations whose hooks are to be told what happens to the server.
type hooks struct {
	mu        sync.Mutex
	began     bool // there was a generation
	reloading bool
	open      []*generation
}

// beginning is that of the zygote of another generation.
func (h *hooks) beginning(s *Server) worker.Beginning {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.began
	h.began = true
	if first {
		return worker.Beginning{Workers: s.cfg.Workers, Listens: true}
	}
	n := s.pool.Size()
	return worker.Beginning{Workers: n, Before: n, Reload: h.reloading}
}

func (h *hooks) add(g *generation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = append(h.open, g)
}

// remove lets go of a generation whose zygote has ended. The one that is left has its
// place, with the ports and files that hooks of the other may have had.
func (h *hooks) remove(s *Server, g *generation) {
	h.mu.Lock()
	h.open = slices.DeleteFunc(h.open, func(other *generation) bool { return other == g })
	left := slices.Clone(h.open)
	h.mu.Unlock()
	if len(left) != 1 || s.isStopping() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), hookTime)
		defer cancel()
		if err := left[0].factory.Listens(ctx); err != nil && !s.isStopping() {
			s.logger.Error(err.Error())
		}
	}()
}

// reloads notes that generations which are made belong to a reload, until the function
// that it returns is called.
func (h *hooks) reloads() (end func()) {
	set := func(to bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.reloading = to
	}
	set(true)
	return func() { set(false) }
}

func (h *hooks) resized(workers int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.open {
		g.factory.Resized(workers)
	}
}

// PreExec calls the hook pre_exec, as another process is about to be started that takes
// the place of this one. Its error is what the hook has raised.
func (s *Server) PreExec() error {
	var errs []error
	for _, app := range s.each() {
		errs = append(errs, app.preExec())
	}
	return errors.Join(errs...)
}

func (s *Server) preExec() error {
	s.hooks.mu.Lock()
	open := slices.Clone(s.hooks.open)
	s.hooks.mu.Unlock()
	if len(open) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), hookTime, errHookTime)
	defer cancel()
	err := open[len(open)-1].factory.Hook(ctx, "pre_exec")
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

var errHookTime = fmt.Errorf("the hook pre_exec did not end within %s", hookTime)

// interruptWorkers calls the hooks of workers that are about to be killed.
func (s *Server) interruptWorkers() {
	ctx, cancel := context.WithTimeout(context.Background(), interruptTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, app := range s.each() {
		for _, m := range app.pool.Members() {
			if w, ok := m.Process.(*worker.Worker); ok {
				wg.Go(func() { w.Interrupt(ctx) })
			}
		}
	}
	wg.Wait()
}

// hookSettings is what hooks find in cfg, as JSON.
func (c *Config) hookSettings() string {
	settings := c.ownSettings()
	for name, value := range c.HookSettings {
		settings[name] = value
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return "{}" // New has refused that
	}
	return string(text)
}

// ownSettings are those of gunicorn's that this Config says something about.
func (c *Config) ownSettings() map[string]any {
	settings := map[string]any{
		"workers": c.Workers, "threads": c.Threads, "preload_app": c.Preload, "bind": c.Bind,
		"backlog": c.Backlog, "reuse_port": c.ReusePort, "chdir": c.Dir, "config": c.Hooks,
		"timeout": seconds(c.RequestTimeout), "graceful_timeout": seconds(c.DrainTimeout),
		"keepalive": seconds(c.KeepaliveTimeout), "max_requests": c.MaxRequests, "max_requests_jitter": c.MaxRequestsJitter,
		"limit_request_line": c.LimitRequestLine, "limit_request_fields": c.LimitRequestFields,
		"forwarded_allow_ips": nonNil(c.TrustedProxies), "loglevel": logLevel(c.Logger),
	}
	if c.App != "" {
		settings["wsgi_app"], settings["default_proc_name"] = c.App, c.App
	}
	if len(c.PythonPath) > 0 {
		settings["pythonpath"] = strings.Join(c.PythonPath, ",")
	}
	if len(c.Env) > 0 {
		var env []string
		for name, value := range c.Env {
			env = append(env, name+"="+value)
		}
		slices.Sort(env)
		settings["raw_env"] = env
	}
	return settings
}

// seconds has no limit as 0, and half a second as 1.
func seconds(d time.Duration) int {
	return int(math.Ceil(max(d, 0).Seconds()))
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// logLevel is the name that Python has for what the logger lets pass.
func logLevel(logger *slog.Logger) string {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if logger.Enabled(context.Background(), level) {
			return map[slog.Level]string{slog.LevelDebug: "debug", slog.LevelInfo: "info", slog.LevelWarn: "warning"}[level]
		}
	}
	return "error"
}

// checkHooks refuses what cannot be told to Python.
func (c *Config) checkHooks() error {
	if _, err := json.Marshal(c.HookSettings); err != nil {
		return fmt.Errorf("hook settings: %w", err)
	}
	for name, value := range map[string]string{"logger-class": c.LoggerClass, "log-config": c.LogConfig} {
		if strings.HasPrefix(value, "hooks:") && c.Hooks == "" {
			return fmt.Errorf("%s: %q is in the module of hooks, and none is named: set hooks", name, value)
		}
	}
	return nil
}
