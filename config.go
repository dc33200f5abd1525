package highball

import (
	"log/slog"
	"time"
)

// Defaults of [Config]; docs/CONFIG.md gives the reason for each.
const (
	DefaultBind           = "127.0.0.1:8000"
	DefaultLocalBind      = "https://127.0.0.1:8443" // with LocalHTTPS
	DefaultThreads        = 4
	DefaultQueueSize      = 1024
	DefaultStartTimeout   = 60 * time.Second
	DefaultRequestTimeout = 60 * time.Second
	DefaultQueueTimeout   = 10 * time.Second
	DefaultDrainTimeout   = 25 * time.Second

	DefaultMaxBody            = 1 << 30 // bytes
	DefaultBodyMemory         = 64 << 10
	DefaultSpoolLimit         = 1 << 30
	DefaultSpoolQuota         = 8 << 30
	DefaultBodyTimeout        = 60 * time.Second
	DefaultBodyMinRate        = 240 // bytes a second
	DefaultBodyGrace          = 20 * time.Second
	DefaultResponseMemory     = 256 << 10
	DefaultResponseBudget     = 256 << 20
	DefaultResponseSpoolLimit = 1 << 30
	DefaultHeaderTimeout      = 30 * time.Second
	DefaultKeepaliveTimeout   = 75 * time.Second
	DefaultSendTimeout        = 60 * time.Second
	DefaultLimitRequestLine   = 16 << 10
	DefaultLimitRequestHead   = 64 << 10
	DefaultLimitRequestFields = 128
)

// MaxBodyMemory is the largest Config.BodyMemory, in bytes.
const MaxBodyMemory = 7 << 20

// ReloadMode is how workers with new code replace those with old code.
type ReloadMode string

// The modes of a reload.
const (
	// BlueGreen has all new workers ready before the first takes a request.
	BlueGreen ReloadMode = "blue-green"
	// Rolling replaces one worker after the other, for where memory does not
	// hold two generations. The first shows whether the code starts.
	Rolling ReloadMode = "rolling"
)

// Config says which Python application to serve and how. The zero value is
// valid: it serves the application found in the current directory.
//
// A duration or a size of zero means the default; a negative one means "no
// limit" for a time, for MaxBody, SpoolQuota and BodyMinRate, and "none" for
// QueueSize, BodyMemory and SpoolLimit.
type Config struct {
	// App names the WSGI application: "module:attr", "module",
	// "module:factory()", "path/to/file.py[:attr]", "path/to/site.wsgi", a
	// directory with a Django or Flask project, or empty for the same in Dir.
	App string

	// Dir is the working directory of the application, first on its sys.path.
	// Default: the current directory.
	Dir string

	// Python is the interpreter (3.9 or newer). Default: $VIRTUAL_ENV, else
	// .venv or venv beside the application, else python3.
	Python string

	// PythonPath lists directories put on sys.path after Dir's own.
	PythonPath []string

	// Env is added to the environment of the Python processes.
	Env map[string]string

	// Environ is added to the environ of each request (strings, latin-1).
	Environ map[string]string

	// Bind lists the addresses that Run listens on: "host:port", ":port",
	// "[::1]:port", "unix:/path", "unix:@name", "https://host:port" for https (see
	// TLS), and "fd://3" or "systemd:NAME" for those of Sockets. docs/CONFIG.md has the
	// whole form. Default: DefaultBind.
	Bind []string

	// TrustedProxies lists the peers whose word on a request is believed: addresses,
	// networks ("192.0.2.0/24"), "unix" for Unix sockets, "@FILE" for a file with a network in
	// each line, which Reload reads again, or "*" for everybody. Default: none.
	TrustedProxies []string

	// ProxyHeaders lists the fields that are looked at in requests of TrustedProxies: the
	// name of a field or of a preset. Default: DefaultProxyHeaders.
	ProxyHeaders []string

	// HeaderTimeout bounds how long the head of a request may take.
	HeaderTimeout time.Duration

	// KeepaliveTimeout bounds how long a connection is kept without requests.
	KeepaliveTimeout time.Duration

	// SendTimeout bounds how long a client may take nothing of its response.
	SendTimeout time.Duration

	// LimitRequestLine is the longest request line, in bytes; longer ones are answered 414.
	LimitRequestLine int

	// LimitRequestHead is the largest head of a request, in bytes, and
	// LimitRequestFields how many fields it may have; beyond that it is answered 431.
	LimitRequestHead, LimitRequestFields int

	// MaxConnections is how many connections may be open at a time. One more takes
	// the place of one on which nothing is asked, or waits. Default: three quarters of
	// the process's limit of descriptors, at most 100,000; negative: no limit.
	MaxConnections int

	// MaxConnectionsPerAddress is how many of them one client may have, an IPv4 address
	// or the /64 of an IPv6 one; one more is closed. Default: a quarter of
	// MaxConnections for public addresses, and no limit for others; negative: no limit.
	MaxConnectionsPerAddress int

	// Workers is the number of processes. Default: the CPUs that this process
	// may use (affinity and cgroup quota), at least 2. At most 1024.
	Workers int

	// Threads is the number of requests one process serves at a time; with 1
	// the application runs in the main thread. Default: DefaultThreads.
	Threads int

	// Preload imports the application once, before the workers are forked,
	// which share its memory. Default: each worker imports for itself.
	Preload bool

	// Hooks names a module ("mysite.hooks") or a file ("path/to/hooks.py") whose
	// functions with the names of gunicorn's server hooks are called, as docs/OPERATIONS.md
	// has them. Default: none.
	Hooks string

	// HookSettings, if set, says that Hooks is a configuration file of gunicorn's, and what
	// its settings are, by their names there: values as of encoding/json. Hooks and loggers
	// find them in cfg. Default: what follows from this Config.
	HookSettings map[string]any

	// LoggerClass names the class of the log that hooks are given and that is told of each
	// request: "package.module.Class", or "hooks:NAME" of Hooks. It is called with cfg, as
	// those of gunicorn are. Default: a log into Logger.
	LoggerClass string

	// LogConfig names what the logging module is configured by, in the Python processes: a
	// file as of logging.config.fileConfig, a .json file with a dict as of dictConfig, or
	// "hooks:NAME" for such a dict of Hooks. Default: nothing.
	LogConfig string

	// ScriptName is the path prefix that the application is mounted under; it
	// becomes SCRIPT_NAME. Requests outside of it are answered 404.
	ScriptName string

	// Middleware lists WSGI middleware as "module:callable", outermost first.
	Middleware []string

	// Validate wraps the application in wsgiref.validate.
	Validate bool

	// StartTimeout bounds a worker's start, the import of the application included.
	StartTimeout time.Duration

	// RequestTimeout bounds the application's own time to its first block, and
	// then between blocks. Waiting for the client does not count.
	RequestTimeout time.Duration

	// QueueTimeout bounds the wait for a free slot; then the answer is 503.
	QueueTimeout time.Duration

	// QueueSize is the number of requests that may wait for a slot; one more is
	// answered 503.
	QueueSize int

	// MaxBody is the largest body of a request, in bytes; a larger one is answered 413.
	MaxBody int64

	// BodyMemory is the largest body, in bytes, that waits in memory until it is whole
	// and the request takes a slot. At most MaxBodyMemory.
	BodyMemory int64

	// SpoolLimit is the largest body, in bytes, that waits in a file until it is whole;
	// a larger one is the application's while it comes. Never more than SpoolQuota.
	SpoolLimit int64

	// SpoolDir is the directory of these files, which have no names. New fails if it
	// cannot be used. Default: $TMPDIR, else /var/tmp, else /tmp; without any of them
	// bodies above BodyMemory are the application's while they come.
	SpoolDir string

	// SpoolQuota is what all these files may hold together, in bytes; what would go
	// beyond is answered 503.
	SpoolQuota int64

	// StreamRequest lists path prefixes ("/upload") below which no body waits.
	StreamRequest []string

	// BodyTimeout is the longest pause of a client within its body; then the answer is 408.
	BodyTimeout time.Duration

	// BodyMinRate is how many bytes a second a client has to send of its body, on the
	// average of the time in which the server has waited for it; else the answer is 408.
	BodyMinRate int64

	// BodyGrace is how much of that time does not count.
	BodyGrace time.Duration

	// QueueTimeHeader has X-Queue-Time say, among the fields of the request and of
	// its response, how long it has waited for a slot, in seconds.
	QueueTimeHeader bool

	// RetryIdempotent has a request served again from its beginning if the worker
	// that had begun it dies: one with an idempotent method (RFC 9110, 9.2.2) of
	// whose response nothing was sent. Default: such a request is answered 502.
	RetryIdempotent bool

	// DrainTimeout bounds how long requests may take to finish once Run's context
	// ends, or their worker is replaced.
	DrainTimeout time.Duration

	// ReloadMode says how Reload replaces the workers. Default: BlueGreen.
	ReloadMode ReloadMode

	// WarmUp lists paths, or http URLs for the sake of their host, that each new
	// worker is asked for by GET before it gets requests. A worker that answers one
	// of them with a 5xx is not taken: it counts as one that does not start.
	WarmUp []string

	// ResponseMemory bounds, in bytes, what is kept in memory of a response that its
	// client has not taken, so that its thread is free for others. Negative: a block.
	ResponseMemory int64

	// ResponseBudget bounds what is kept in memory of all responses together.
	// Negative: no limit.
	ResponseBudget int64

	// ResponseSpoolLimit bounds what is kept of a response in a file beyond that;
	// at the limit the application waits for the client. Negative: no file.
	ResponseSpoolLimit int64

	// MaxRequests has a worker replaced after so many requests, and up to
	// MaxRequestsJitter more. Default: never.
	MaxRequests, MaxRequestsJitter int

	// MaxWorkerLifetime has a worker replaced after so long, and up to a tenth
	// more. Default: never.
	MaxWorkerLifetime time.Duration

	// MaxWorkerMemory has a worker replaced that takes more memory, in bytes. At
	// half as much again it gets no more requests even before its replacement is
	// ready. Default: never.
	MaxWorkerMemory int64

	// MemoryBudget has the largest worker replaced when all together take more
	// memory, in bytes. Default: 90 % of the limit of the container (cgroup), if
	// there is one; negative: no budget.
	MemoryBudget int64

	// ShutdownDelay is how long Run goes on serving once its context ends, while
	// `highball ctl status` says "draining": the time that balancers need to notice.
	ShutdownDelay time.Duration

	// Control is the path of the Unix socket on which Run answers `highball ctl`.
	// Default: none.
	Control string

	// Sockets are listening sockets that are open already: another process hands
	// them over, or holds them for this one (systemd). Run takes those of Bind and
	// Control from them, opens what is not among them, and closes the others. They
	// stay the other process's until Own is called. Default: none.
	Sockets []Socket

	// TLS says how https is served.
	TLS TLS

	// ACME has the server get certificates by itself. With it and without Bind, that is
	// ":80", "https://:443" and "h3://:443", and TLS.Redirect.
	ACME ACME

	// LocalHTTPS has the server make a certificate for localhost, the addresses of
	// loopback and the machine's name, by an authority of its own in ACME.Dir, and has the
	// machine's programs trust that as far as nobody has to be asked. For development.
	// Without Bind, that is DefaultLocalBind.
	LocalHTTPS bool

	// Logger receives the server's own messages and what the application writes
	// to wsgi.errors, stdout and stderr. Default: slog.Default().
	Logger *slog.Logger

	// AccessLog, if set, receives one record for each request.
	AccessLog *slog.Logger

	// Backlog is how many connections may wait on a listening socket to be accepted;
	// the system may allow less. Default: DefaultBacklog.
	Backlog int

	// ReusePort lets other processes listen on the same TCP ports (SO_REUSEPORT).
	ReusePort bool

	// BeforeWorkers, if set, is called by Run once all sockets are open and before any
	// Python process is started: the place to give privileges up. Its error ends Run.
	BeforeWorkers func() error

	// ReloadOnChange has Run reload when a file changes that the application is made of:
	// what it has imported, and below Dir what is Python or a template. Requests wait
	// meanwhile, for StartTimeout at most, so that none is answered by the old code.
	ReloadOnChange bool

	// ReloadExtra lists more files for that, patterns (filepath.Glob) and directories.
	ReloadExtra []string

	// Development, if set, has pages in the browser show what goes wrong. An application
	// that does not load is no error then. Default: nil, as for whom others use it.
	Development *Development

	// ProcName is what the Python processes are called in lists of processes, behind it
	// ":z" for the one that forks and ":w" for workers. Default: as the interpreter.
	ProcName string

	// Standalone says that the process exists for this server alone: it adopts
	// and reaps what its workers leave behind (Linux: PR_SET_CHILD_SUBREAPER).
	Standalone bool

	// Static lists what is served from directories in front of the application: "/url=DIR",
	// where DIR may be a file, and is looked for in Dir. What is not there is the
	// application's to answer. Default: none.
	Static []string

	// AppStatic says which static files that the application's own framework knows of are
	// served in the same way. Default: StaticAutomatic.
	AppStatic StaticMode

	// StaticIndex is the name of the file that a directory is answered with,
	// "index.html". Default: none, directories are the application's to answer.
	StaticIndex string

	// StaticMaxAge is how long clients may keep static files without asking again.
	// Default: nothing is said of it.
	StaticMaxAge time.Duration

	// Apps, if there are any, are served in place of App: several applications, each with
	// workers of its own. What a field of this Config says of an application does not count
	// then; each App has a Config for that. Default: none.
	Apps []App

	// ReloadOnScriptChange has each request look whether the file of the application has
	// changed (App names a ".wsgi" or ".py" file). If so, the workers are replaced as by
	// Reload, and the request waits for the new ones. Where the new code does not start,
	// the old serves on until the file changes again.
	ReloadOnScriptChange bool

	// Attached, if set, is the process whose application is served, in the place of App
	// and Python. Default: none.
	Attached *Attached

	// UWSGI, if set, has applications find a Python module uwsgi, as under uWSGI: these
	// options are its `uwsgi.opt`, of each the last value, or none for a flag. Default:
	// there is no such module.
	UWSGI map[string][]string

	// Trace, if set, receives the steps of each request's call as the worker
	// sees them. It is for `highball trace` and costs time on each request.
	Trace func(event map[string]any)
}
