package worker

import (
	"cmp"
	"log/slog"
	"time"
)

// Options say which Python to run and what it serves.
type Options struct {
	Interpreter string   // path of the Python interpreter
	Dir         string   // working directory of the processes
	Env         []string // their whole environment, "K=V"

	App             string
	Hooks           string // a module or a file with server hooks; "": none
	HooksAsConfig   bool   // a file of hooks is one of gunicorn's configuration
	HookSettings    string // what hooks are told of the settings, as JSON
	LoggerClass     string
	LogConfig       string
	Beginning       Beginning // of the first zygote
	PythonPath      []string
	Middleware      []string
	Validate        bool
	Preload         bool
	Trace           bool
	Environ         map[string]string // goes into each request's environ
	ProcName        string            // what the processes are called; "": as the interpreter
	QueueTimeHeader bool              // X-Queue-Time is among the request's fields
	DeployChecks    bool              // Django's checks for deployment run behind the first worker's start
	AppStatic       string            // which static files are reported: "", "off", "deployed" or "dev"
	Multiprocess    bool
	Threads         int // slots of one worker
	Version         string

	// UWSGI is what the module uwsgi of the Python side knows; empty: there is none.
	UWSGI map[string]any

	StartTimeout time.Duration // of one worker or zygote; 0 means none
	Logger       *slog.Logger

	// Attached, if set, is a process that takes the place of the interpreter.
	Attached *Attached

	// Children is told of the zygotes; nil: nobody asks.
	Children *Children

	// CheckVersion refuses an interpreter that is too old.
	CheckVersion func(version string) error

	// Development is what `highball dev` asks of a worker; nil: nothing.
	Development *Development

	// OnFiles, if set, is told which files a worker's application is made of, each once,
	// before the worker is ready or has failed, and later as it imports more.
	OnFiles func(paths []string)

	// OnTrace receives the events of traced requests.
	OnTrace func(event map[string]any)
}

// Development says what a worker does beside serving where its application is written:
// one that does not load is replaced by a page that says why.
type Development struct {
	Code     string // a name of this generation of the code, for its pages
	Debugger bool   // Werkzeug's may be offered, which runs code that a browser sends
	Terminal bool   // the worker has the terminal

	TellAfter time.Duration // when the log says where a start is that takes so long; 0: never
}

func (d *Development) config() map[string]any {
	if d == nil {
		return map[string]any{}
	}
	return map[string]any{"code": d.Code, "debugger": d.Debugger, "terminal": d.Terminal}
}

// config is what the zygote and its workers are told (the Load frame).
func (o *Options) config() map[string]any {
	environ := o.Environ
	if environ == nil {
		environ = map[string]string{}
	}
	return map[string]any{
		"app":               o.App,
		"hooks":             o.Hooks,
		"hooks_as_config":   o.HooksAsConfig,
		"hook_settings":     o.hookSettings(),
		"logger_class":      o.LoggerClass,
		"log_config":        o.LogConfig,
		"pythonpath":        nonNil(o.PythonPath),
		"middleware":        nonNil(o.Middleware),
		"validate":          o.Validate,
		"preload":           o.Preload,
		"trace":             o.Trace,
		"environ":           environ,
		"proc_name":         o.ProcName,
		"queue_time_header": o.QueueTimeHeader,
		"app_static":        o.AppStatic,
		"deploy_checks":     o.DeployChecks,
		"multiprocess":      o.Multiprocess,
		"threads":           o.Threads,
		"version":           o.Version,
		"dev":               o.Development.config(),
		"files":             o.OnFiles != nil,
		"uwsgi":             o.UWSGI,
	}
}

// hookSettings is "" where there is nobody to be told, so that nothing is imported for it.
func (o *Options) hookSettings() string {
	if o.Hooks == "" && o.LoggerClass == "" && o.LogConfig == "" && !o.HooksAsConfig {
		return ""
	}
	return cmp.Or(o.HookSettings, "{}")
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
