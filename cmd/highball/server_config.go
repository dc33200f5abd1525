//go:build !windows

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"highball"
	"highball/internal/settings"
)

// serverConfig turns the settings into what package highball takes. All
// defaults are in the settings by now.
func serverConfig(v settings.Values, logs logs) highball.Config {
	cfg := oneConfig(v, logs)
	if cfg.Apps = applications(v, logs); len(cfg.Apps) > 0 {
		cfg.App = "" // is one of them
	}
	return cfg
}

// oneConfig is that of a single application.
func oneConfig(v settings.Values, logs logs) highball.Config {
	cfg := applicationConfig(v)
	cfg.Bind = bindsFor(v, nil)
	cfg.TrustedProxies = v.List("trusted-proxies")
	cfg.ProxyHeaders = v.List("proxy-headers")
	cfg.Backlog = v.Int("backlog")
	cfg.ReusePort = v.Bool("reuse-port")
	cfg.SpoolDir = v.String("spool-dir")
	cfg.SpoolQuota = limit(v.Size("spool-quota"))
	cfg.HeaderTimeout = limit(v.Duration("header-timeout"))
	cfg.KeepaliveTimeout = limit(v.Duration("keepalive-timeout"))
	cfg.SendTimeout = limit(v.Duration("send-timeout"))
	cfg.LimitRequestLine = limit(int(v.Size("limit-request-line")))
	cfg.LimitRequestHead = limit(int(v.Size("limit-request-head")))
	cfg.LimitRequestFields = v.Int("limit-request-fields")
	cfg.MaxConnections = connections(v, "max-connections")
	cfg.MaxConnectionsPerAddress = connections(v, "max-connections-per-address")
	cfg.DrainTimeout = limit(v.Duration("drain-timeout"))
	cfg.ShutdownDelay = v.Duration("shutdown-delay")
	cfg.ResponseBudget = limit(v.Size("response-budget"))
	cfg.MemoryBudget = memoryBudget(v)
	cfg.TLS = tlsConfig(v)
	cfg.ACME = acmeConfig(v)
	cfg.LocalHTTPS = v.Bool("local-https")
	cfg.Control = v.String("control")
	cfg.ProcName = v.String("proc-name")
	cfg.Logger = logs.server
	cfg.AccessLog = logs.access
	return cfg
}

// applicationConfig is the part that each of several applications has for itself.
func applicationConfig(v settings.Values) highball.Config {
	return highball.Config{
		App:                  v.String("app"),
		Dir:                  v.String("chdir"),
		Python:               v.String("python"),
		PythonPath:           v.List("pythonpath"),
		Env:                  v.Map("env"),
		Environ:              v.Map("environ"),
		Workers:              v.Int("workers"),
		Threads:              v.Int("threads"),
		Preload:              v.Bool("preload"),
		Hooks:                v.String("hooks"),
		LoggerClass:          v.String("logger-class"),
		LogConfig:            v.String("log-config"),
		ScriptName:           v.String("script-name"),
		Middleware:           v.List("middleware"),
		Validate:             v.Bool("validate"),
		StartTimeout:         limit(v.Duration("start-timeout")),
		RequestTimeout:       limit(v.Duration("request-timeout")),
		QueueTimeout:         limit(v.Duration("queue-timeout")),
		QueueSize:            limit(v.Int("queue-size")),
		MaxBody:              limit(v.Size("max-body")),
		BodyMemory:           limit(v.Size("body-memory")),
		SpoolLimit:           limit(v.Size("spool-limit")),
		StreamRequest:        v.List("stream-request"),
		BodyTimeout:          limit(v.Duration("body-timeout")),
		BodyMinRate:          limit(v.Size("body-min-rate")),
		BodyGrace:            limit(v.Duration("body-grace")),
		QueueTimeHeader:      v.Bool("queue-time-header"),
		RetryIdempotent:      v.Bool("retry-idempotent"),
		WarmUp:               v.List("warmup"),
		ReloadOnScriptChange: v.Bool("reload-on-script-change"),
		ResponseMemory:       limit(v.Size("response-memory")),
		ResponseSpoolLimit:   limit(v.Size("response-spool-limit")),
		ReloadOnChange:       v.Bool("reload-on-change"),
		ReloadExtra:          absolute(v.List("reload-extra")),
		ReloadMode:           highball.ReloadMode(v.String("reload-mode")),
		MaxRequests:          v.Int("max-requests"),
		MaxRequestsJitter:    v.Int("max-requests-jitter"),
		MaxWorkerLifetime:    v.Duration("max-worker-lifetime"),
		MaxWorkerMemory:      v.Size("max-worker-memory"),
		Static:               v.List("static"),
		AppStatic:            highball.StaticMode(v.String("app-static")),
		StaticIndex:          v.String("static-index"),
		StaticMaxAge:         v.Duration("static-max-age"),
	}
}

// limit translates zero: to the operator it is off, in a Config it is the
// default and a negative value is off.
func limit[T int | int64 | time.Duration](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

// memoryBudget: the operator's zero is off, a Config's is the container's limit.
func memoryBudget(v settings.Values) int64 {
	if n := v.Size("memory-budget"); n > 0 || v.Source("memory-budget") == settings.SourceDefault {
		return n
	}
	return -1
}

// connections: the operator's zero is off, a Config's what follows from the limit of
// descriptors.
func connections(v settings.Values, name string) int {
	if v.Source(name) == settings.SourceDefault {
		return 0
	}
	return limit(v.Int(name))
}

// getenv looks a variable up as os.Getenv does.
func getenv(environ []string) func(string) string {
	return func(name string) string {
		for _, entry := range slices.Backward(environ) {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

// absolute has paths count from the directory that the command was started in.
func absolute(paths []string) (whole []string) {
	for _, path := range paths {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		whole = append(whole, path)
	}
	return whole
}
