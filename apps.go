package highball

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// App is one of several applications of a [Server], each with an interpreter, a zygote
// and workers of its own.
type App struct {
	// Name is what operators call it: in `highball ctl`, in the logs. Default: the first
	// of Hosts and Path, "shop.example.com/api" or "/".
	Name string

	// Hosts are the names that it answers to, without a port: "shop.example.com",
	// "*.example.com" for all names below that one. Default: each.
	Hosts []string

	// Path is the prefix of its paths, a whole number of segments: "/shop" takes "/shop"
	// and "/shop/cart", not "/shopping". The application gets it as SCRIPT_NAME, behind
	// the server's Config.ScriptName. Default: "/".
	Path string

	// Config says which application it is, and how it is run: App, Dir, Python, Workers and
	// so on. It takes nothing of the server's Config, but what belongs to the process (Bind
	// and connections, TLS, logs, the spool's directory and quota, budgets of memory,
	// DrainTimeout, Control, Trace) is the server's, whatever stands here.
	Config Config
}

// Alone returns the Config of a server of one of c.Apps alone.
func (c Config) Alone(app App) Config {
	alone, own := c, app.Config
	alone.Apps = nil
	alone.App, alone.Dir, alone.Python, alone.PythonPath = own.App, own.Dir, own.Python, own.PythonPath
	alone.Env, alone.Environ = own.Env, own.Environ
	alone.Middleware, alone.Validate, alone.Hooks = own.Middleware, own.Validate, own.Hooks
	alone.HookSettings, alone.LoggerClass, alone.LogConfig = own.HookSettings, own.LoggerClass, own.LogConfig

	alone.ReloadOnChange, alone.ReloadExtra = own.ReloadOnChange, own.ReloadExtra
	alone.Static, alone.AppStatic = own.Static, own.AppStatic
	alone.StaticIndex, alone.StaticMaxAge = own.StaticIndex, own.StaticMaxAge

	alone.Workers, alone.Threads, alone.Preload = own.Workers, own.Threads, own.Preload
	alone.StartTimeout, alone.RequestTimeout = own.StartTimeout, own.RequestTimeout
	alone.QueueTimeout, alone.QueueSize, alone.QueueTimeHeader = own.QueueTimeout, own.QueueSize, own.QueueTimeHeader
	alone.RetryIdempotent, alone.WarmUp = own.RetryIdempotent, own.WarmUp
	alone.ReloadMode, alone.ReloadOnScriptChange = own.ReloadMode, own.ReloadOnScriptChange
	alone.MaxRequests, alone.MaxRequestsJitter = own.MaxRequests, own.MaxRequestsJitter
	alone.MaxWorkerLifetime, alone.MaxWorkerMemory = own.MaxWorkerLifetime, own.MaxWorkerMemory

	alone.MaxBody, alone.BodyMemory, alone.SpoolLimit, alone.StreamRequest = own.MaxBody, own.BodyMemory, own.SpoolLimit, own.StreamRequest
	alone.BodyTimeout, alone.BodyMinRate, alone.BodyGrace = own.BodyTimeout, own.BodyMinRate, own.BodyGrace
	alone.ResponseMemory, alone.ResponseSpoolLimit = own.ResponseMemory, own.ResponseSpoolLimit

	alone.ScriptName = strings.TrimRight(c.ScriptName, "/") + strings.TrimRight(app.Path, "/")
	return alone
}

// checkApps fills in what was left out of the applications and refuses what makes no
// sense. What is wrong with their own Config is found when they are made.
func (c *Config) checkApps() error {
	if len(c.Apps) == 0 {
		return nil
	}
	if c.App != "" {
		return fmt.Errorf("app: %q is given beside several applications: make it one of them, with the path /", c.App)
	}
	c.Apps = slices.Clone(c.Apps)
	names, places := map[string]bool{}, map[string]string{}
	for i := range c.Apps {
		app := &c.Apps[i]
		place := fmt.Sprintf("app[%d]", i+1)
		if err := app.clean(); err != nil {
			return fmt.Errorf("%s.%w", place, err)
		}
		if names[app.Name] {
			return fmt.Errorf("%s.name: %q is another application's: the names have to differ", place, app.Name)
		}
		names[app.Name] = true
		for _, host := range app.hosts() {
			if other := places[host+app.Path]; other != "" {
				return fmt.Errorf("%s: %s and %s have the same host and path, %q", place, other, app.Name, host+app.Path)
			}
			places[host+app.Path] = app.Name
		}
	}
	return nil
}

// Label is the application's Name, or what stands for it.
func (a *App) Label() string {
	if a.Name != "" {
		return a.Name
	}
	if label := strings.ToLower(a.hosts()[0]) + strings.TrimRight(a.Path, "/"); label != "" {
		return label
	}
	return "/"
}

// hosts are those of the application, with "" for each.
func (a *App) hosts() []string {
	if len(a.Hosts) == 0 {
		return []string{""}
	}
	return a.Hosts
}

func (a *App) clean() error {
	if a.Path != "" && a.Path[0] != '/' {
		return fmt.Errorf("path: %q does not begin with a slash: did you mean %q?", a.Path, "/"+a.Path)
	}
	if strings.ContainsAny(a.Path, "?#") {
		return fmt.Errorf("path: %q is not the path of a URL alone", a.Path)
	}
	a.Path = strings.TrimRight(a.Path, "/")
	a.Hosts = slices.Clone(a.Hosts)
	for i, host := range a.Hosts {
		clean, ok := cleanHost(host)
		if !ok {
			return fmt.Errorf("host: %q is not a name as shop.example.com or *.example.com, without a port", host)
		}
		a.Hosts[i] = clean
	}
	a.Name = a.Label()
	if strings.ContainsFunc(a.Name, unicode.IsControl) {
		return fmt.Errorf("name: %q has control characters", a.Name)
	}
	if len(a.Config.Apps) > 0 {
		return fmt.Errorf("app: an application has no applications of its own")
	}
	return nil
}

// cleanHost is a name as hosts are compared, in lower case.
func cleanHost(host string) (string, bool) {
	name := strings.TrimPrefix(hostName(host), "*.")
	return hostName(host), name != "" && !strings.ContainsAny(strings.TrimPrefix(host, "*."), "*/ \t:@?#") || isAddress(host)
}
