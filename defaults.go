package highball

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"highball/internal/cpus"
	"highball/internal/interp"
)

// minWorkers is the default's least: with one process, one crash or one long
// call that holds the GIL would stop the service.
const minWorkers = 2

// maxWorkers bounds the processes, so that a slip of the finger in "scale" does not
// take all memory of the machine.
const maxWorkers = 1024

// maxThreads bounds the slots of a process: descriptors, not threads, are the limit.
const maxThreads = 1024

// withDefaults fills in what was left zero and refuses what makes no sense.
func (c Config) withDefaults() (Config, error) {
	var err error
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return c, err
	}
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return c, fmt.Errorf("%s: no such directory: the working directory (--chdir) must exist", c.Dir)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.attachedDefaults()
	if c.Workers == 0 {
		c.Workers = max(minWorkers, cpus.Count())
	}
	orDefault(&c.Threads, DefaultThreads)
	orDefault(&c.QueueSize, DefaultQueueSize)
	orDefault(&c.StartTimeout, DefaultStartTimeout)
	orDefault(&c.RequestTimeout, DefaultRequestTimeout)
	orDefault(&c.QueueTimeout, DefaultQueueTimeout)
	orDefault(&c.DrainTimeout, DefaultDrainTimeout)
	c.bodyDefaults()
	orDefault(&c.ResponseMemory, DefaultResponseMemory)
	orDefault(&c.ResponseBudget, DefaultResponseBudget)
	orDefault(&c.ResponseSpoolLimit, DefaultResponseSpoolLimit)
	c.connectionDefaults()
	c.proxyDefaults()
	if c.ReloadMode == "" {
		c.ReloadMode = BlueGreen
	}
	if c.MemoryBudget == 0 {
		c.MemoryBudget = cpus.MemoryLimit() / 10 * 9
	}
	orDefault(&c.Backlog, DefaultBacklog)
	c.automaticDefaults()
	if len(c.Bind) == 0 {
		c.Bind = []string{DefaultBind}
	}
	return c, c.check()
}

func orDefault[T ~int | ~int64](value *T, standard T) {
	if *value == 0 {
		*value = standard
	}
}

func (c *Config) check() error {
	if c.Workers < 1 || c.Workers > maxWorkers {
		return fmt.Errorf("workers: %d is not between 1 and %d", c.Workers, maxWorkers)
	}
	if c.Threads < 1 || c.Threads > maxThreads {
		return fmt.Errorf("threads: %d is not between 1 and %d", c.Threads, maxThreads)
	}
	if c.ReloadMode != BlueGreen && c.ReloadMode != Rolling {
		return fmt.Errorf("reload-mode: %q is not one of %s, %s", c.ReloadMode, BlueGreen, Rolling)
	}
	if err := c.checkAttached(); err != nil {
		return err
	}
	if c.MaxRequestsJitter > 0 && c.MaxRequests <= 0 {
		return errors.New("max-requests-jitter needs max-requests")
	}
	c.ScriptName = strings.TrimRight(c.ScriptName, "/")
	if c.ScriptName != "" && c.ScriptName[0] != '/' {
		return fmt.Errorf("script-name: %q does not begin with a slash: did you mean %q?", c.ScriptName, "/"+c.ScriptName)
	}
	if err := c.checkConnections(); err != nil {
		return err
	}
	for i, path := range c.PythonPath {
		if !filepath.IsAbs(path) {
			c.PythonPath[i] = filepath.Join(c.Dir, path)
		}
	}
	if err := c.checkBodies(); err != nil {
		return err
	}
	if err := c.checkApps(); err != nil {
		return err
	}
	if err := c.checkACME(); err != nil {
		return err
	}
	if err := c.checkTLS(); err != nil {
		return err
	}
	if err := c.checkProxies(); err != nil {
		return err
	}
	if err := c.checkSockets(); err != nil {
		return err
	}
	if err := c.checkHooks(); err != nil {
		return err
	}
	if err := checkWarmUp(c.WarmUp); err != nil {
		return err
	}
	if err := c.checkStatic(); err != nil {
		return err
	}
	if strings.ContainsFunc(c.ProcName, unicode.IsControl) {
		return fmt.Errorf("proc-name: %q has control characters: write a name", c.ProcName)
	}
	return checkEnviron(c.Environ)
}

// responseBudget: negative is no limit.
func (c *Config) responseBudget() int64 {
	if c.ResponseBudget < 0 {
		return math.MaxInt64
	}
	return c.ResponseBudget
}

// checkEnviron: PEP 3333 reserves names, and strings are latin-1.
func checkEnviron(environ map[string]string) error {
	for key, value := range environ {
		if key == "" {
			return errors.New("environ: a name is empty: write NAME=VALUE")
		}
		if strings.HasPrefix(key, "wsgi.") || strings.HasPrefix(key, "HTTP_") || strings.HasPrefix(key, "highball.") {
			return fmt.Errorf("environ: %s is the server's or the client's to set", key)
		}
		for _, r := range key + value {
			if r > 0xFF {
				return fmt.Errorf("environ: %s has characters beyond latin-1, which environ cannot hold (PEP 3333)", key)
			}
		}
	}
	return nil
}

// appDir is the directory in or beside which the application's virtualenv is
// looked for.
func (c *Config) appDir() string {
	path, _, _ := strings.Cut(c.App, ":")
	if path == "" {
		return c.Dir
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return c.Dir
	case info.IsDir():
		return path
	}
	return filepath.Dir(path)
}

// pythonEnv is the environment of the Python processes. What service managers
// say to the server itself (sockets, notification, watchdog) is not for them.
func (c *Config) pythonEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "LISTEN_") || strings.HasPrefix(name, "NOTIFY_") || strings.HasPrefix(name, "WATCHDOG_") ||
			name == interp.PackageVariable {
			continue
		}
		if _, replaced := c.Env[name]; !replaced {
			env = append(env, entry)
		}
	}
	for name, value := range c.Env {
		env = append(env, name+"="+value)
	}
	return env
}
