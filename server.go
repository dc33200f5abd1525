package highball

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/certs"
	"highball/internal/front"
	"highball/internal/gateway"
	"highball/internal/interp"
	"highball/internal/obs"
	"highball/internal/pool"
	"highball/internal/proxied"
	"highball/internal/spool"
	"highball/internal/wire"
	"highball/internal/worker"
)

// Server serves a Python application, or several ([Config].Apps). It is an [http.Handler]; its zero value
// is not usable, [New] makes one.
type Server struct {
	cfg         Config
	logger      *slog.Logger
	interpreter interp.Interpreter
	children    *worker.Children
	attached    *worker.Attached // nil: the interpreter is started
	pool        *pool.Pool[*worker.Slot]
	gateway     *gateway.Gateway
	leases      sync.Pool
	spool       *spool.Store // nil: there are no files
	trust       *proxied.Trust
	proxied     func(http.Handler) http.Handler // what believes proxies, around another
	static      *staticFiles                    // in front of the gateway, or of the applications
	serving     http.Handler                    // what serves requests: the gateway or the applications, behind the static files
	handler     http.Handler                    // that, and what is in front of it
	script      *script                         // nil: it is not looked at

	changes *changes // nil: files are not watched
	codes   *codes
	broken  atomic.Bool                // a page stands in for the application, see Development
	spare   atomic.Pointer[generation] // with an interpreter that waits for the next reload

	// Of several applications each has a Server as well, without a front: the whole has the
	// rest, and a gateway for what is none of theirs.
	apps    []*Server
	whole   *Server      // nil: this is it
	name    string       // of an application among several
	host    string       // its first that is one, for requests of the server's own
	numbers atomic.Int64 // of the workers of all
	share   atomic.Int64 // of an application: its number of workers, when it was last told one of its own

	stopWatching context.CancelFunc // the memory of all applications

	certificates *certs.Store // nil: there are none
	automatic    automatic

	started  atomic.Bool
	draining atomic.Bool // Run was told to stop
	startMu  sync.Mutex

	reloading sync.Mutex
	failed    error             // why Start failed, for good
	first     chan worker.Ready // what the first worker reported
	up        atomic.Int64      // workers that were ready, of all times
	allUp     chan struct{}     // closed when they were as many as were asked for
	ready     chan struct{}     // closed when Run accepts connections

	hooks hooks // who is to be told what happens

	application atomic.Pointer[string] // how it was named, or found

	closed     chan struct{} // closed when Shutdown or Close has begun
	closeOnce  sync.Once
	runCalled  atomic.Bool
	running    atomic.Pointer[run]
	stopOrphan context.CancelFunc
}

// New checks cfg, finds the interpreter and returns a Server. It starts nothing:
// Run, Start or the first request does.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	children := worker.NewChildren()
	automatic, err := cfg.newAutomatic(children)
	if err != nil {
		return nil, err
	}
	certificates, err := cfg.newCertificates(automatic)
	if err != nil {
		return nil, err
	}
	store, err := cfg.newSpool()
	if err != nil {
		return nil, err
	}
	s := newServer(cfg)
	s.children, s.spool, s.certificates, s.automatic = children, store, certificates, automatic
	if s.proxied, err = s.behindProxies(); err != nil {
		return nil, err
	}
	if len(cfg.Apps) > 0 {
		err = s.serveApps()
	} else {
		err = s.serveOne()
	}
	if err != nil {
		return nil, err
	}
	s.handler = s.proxied(s.serving)
	return s, nil
}

func newServer(cfg Config) *Server {
	return &Server{
		cfg: cfg, logger: cfg.Logger, first: make(chan worker.Ready, 1), closed: make(chan struct{}),
		allUp: make(chan struct{}), ready: make(chan struct{}), codes: newCodes(),
	}
}

// serveOne makes what serves the application of the Config.
func (s *Server) serveOne() (err error) {
	cfg := s.cfg
	if s.interpreter, err = cfg.findInterpreter(); err != nil {
		return err
	}
	if s.script, err = s.newScript(); err != nil {
		return err
	}
	if s.attached, err = cfg.Attached.attach(); err != nil {
		return err
	}
	s.leases.New = s.newLease
	options := pool.Options[*worker.Slot]{
		Size: cfg.Workers, Generation: s.generation, QueueSize: cfg.QueueSize,
		QueueTimeout: max(cfg.QueueTimeout, 0), Logger: cfg.Logger, TakeBack: (*worker.Slot).TakeBack,
		DrainTimeout: max(cfg.DrainTimeout, 0), Recycle: cfg.recycle(), WarmUp: s.warmUp(),
		Renew: cfg.Preload && cfg.Attached == nil, // what was imported stays what it was
	}
	var beside *gateway.Gateway
	if s.whole != nil {
		options.Number, beside = s.whole.nextNumber, s.whole.gateway
		options.Recycle.Total = 0 // all applications together have it
	}
	s.pool = pool.New(options)
	s.gateway = gateway.New(gateway.Options{
		Acquire: s.acquire, ScriptName: cfg.ScriptName, Bodies: cfg.bodies(s.spool), RequestTimeout: max(cfg.RequestTimeout, 0),
		RetryIdempotent: cfg.RetryIdempotent, QueueTimeField: cfg.QueueTimeHeader,
		ClosesInOrder: front.ClosesInOrder, WhileQueued: front.WhileQueued, Refused: front.Refused,
		ResponseMemory: max(cfg.ResponseMemory, 0), ResponseBudget: cfg.responseBudget(), Beside: beside,
		Spool: s.spool, ResponseSpoolLimit: max(cfg.ResponseSpoolLimit, 0),
		Logger: cfg.Logger, OnDone: s.onDone(), Detailed: obs.WantsDetails(cfg.AccessLog),
	})
	s.share.Store(int64(cfg.Workers))
	if !cfg.ReloadOnChange {
		return s.serveBehindStatic(s.gateway)
	}
	s.changes = newChanges(s)
	return s.serveBehindStatic(s.changes.around(s.gateway))
}

// workerOptions are those of a generation with this code.
func (s *Server) workerOptions(code string) worker.Options {
	cfg := s.cfg
	return worker.Options{
		Development: cfg.development(code), OnFiles: s.onFiles(),
		Interpreter: s.interpreter.Path, Dir: cfg.Dir, Env: cfg.pythonEnv(),
		App: cfg.App, PythonPath: cfg.PythonPath, Middleware: cfg.Middleware, Validate: cfg.Validate,
		Preload: cfg.Preload, Hooks: cfg.Hooks, Environ: s.environ(), Multiprocess: cfg.Workers > 1, Threads: cfg.Threads,
		QueueTimeHeader: cfg.QueueTimeHeader, AppStatic: string(cfg.AppStatic), DeployChecks: !s.developing() && cfg.Trace == nil,
		HooksAsConfig: cfg.HookSettings != nil, HookSettings: cfg.hookSettings(), UWSGI: cfg.uwsgiModule(),
		LoggerClass: cfg.LoggerClass, LogConfig: cfg.LogConfig, Beginning: s.hooks.beginning(s), ProcName: cfg.ProcName,
		Version: Version, StartTimeout: max(cfg.StartTimeout, 0), Logger: cfg.Logger,
		Attached: s.attached, Children: s.children, CheckVersion: s.checkVersion, Trace: cfg.Trace != nil, OnTrace: cfg.Trace,
	}
}

func (s *Server) checkVersion(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("%s reports the version %q", s.interpreter.Path, version)
	}
	return s.interpreter.CheckVersion(major, minor)
}

// generation makes the workers of one version of the code.
func (s *Server) generation() pool.Generation[*worker.Slot] {
	g := s.spare.Swap(nil)
	if g == nil {
		g = s.newGeneration()
	}
	s.codes.start(g.code)
	s.static.begin(g)
	s.hooks.add(g)
	return g
}

func (s *Server) newGeneration() *generation {
	code := s.codes.next()
	return &generation{s: s, code: code, factory: worker.NewFactory(s.workerOptions(code))}
}

// onFiles is what is told of the files that the application is made of, or nil.
func (s *Server) onFiles() func([]string) {
	if s.changes == nil {
		return nil
	}
	return func(paths []string) {
		if w := s.changes.watcher; w != nil { // Run has made it, if it was called
			w.Use(paths)
		}
	}
}

type generation struct {
	s       *Server
	code    string
	factory *worker.Factory
}

func (g *generation) Start(ctx context.Context) (pool.Process[*worker.Slot], error) {
	w, ready, err := g.factory.Start(ctx)
	if err != nil {
		return nil, err
	}
	g.s.logger.Debug("worker ready", "pid", ready.PID)
	g.s.static.report(g, ready)
	g.tellDevelopment(ready)
	select {
	case g.s.first <- ready:
	default: // announced already
	}
	if g.s.up.Add(1) == int64(g.s.cfg.Workers) {
		close(g.s.allUp)
	}
	return w, nil
}

func (g *generation) Close() {
	g.factory.Close()
	g.s.hooks.remove(g.s, g)
}

func (s *Server) acquire(ctx context.Context, ask gateway.Ask) (gateway.Lease, error) {
	if s.script != nil {
		s.script.fresh(ctx)
	}
	if s.changes != nil && ctx.Err() != nil { // it left at the gate
		return gateway.Lease{}, context.Cause(ctx)
	}
	granted, err := s.pool.Acquire(ctx, pool.Ask{Cost: ask.Cost, Again: ask.Again})
	if err != nil {
		return gateway.Lease{}, s.untilNextStart(err)
	}
	l := s.leases.Get().(*lease)
	l.Lease = granted
	return gateway.Lease{Slot: slot{granted.Slot}, Waited: granted.Waited, Release: l.release, Condemn: l.condemn}, nil
}

// lease is a lease of the pool whose methods are bound once and serve many requests.
type lease struct {
	pool.Lease[*worker.Slot]
	release func()
	condemn func(reason string)
}

func (s *Server) newLease() any {
	l := &lease{}
	l.release = func() {
		over := l.Lease
		s.leases.Put(l) // nobody asks anything of it any more
		over.Release()
	}
	l.condemn = func(reason string) { l.Condemn(reason) }
	return l
}

// untilNextStart adds to a refusal when there may be a worker again.
func (s *Server) untilNextStart(err error) error {
	if !errors.Is(err, pool.ErrFailing) {
		return err
	}
	return &gateway.Unavailable{Cause: err, After: time.Until(s.pool.Health().Retry)}
}

// slot is a worker's slot as the gateway wants it.
type slot struct{ *worker.Slot }

func (s slot) Begin(frame []byte, flags wire.Flags, body *os.File) (gateway.Call, error) {
	call, err := s.Slot.Begin(frame, flags, body)
	if err != nil {
		return nil, err
	}
	return call, nil
}

// Start starts the workers and returns when the first is ready to serve. It
// fails with a [*LoadError] if the application cannot be loaded; then nothing is
// left running, and the Server is of no more use. On a started Server it does nothing.
func (s *Server) Start(ctx context.Context) error {
	if s.started.Load() {
		return nil
	}
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if s.started.Load() || s.failed != nil {
		return s.failed
	}
	select {
	case <-s.closed:
		return ErrClosed
	default:
	}
	if s.cfg.Standalone && s.whole == nil {
		orphans, cancel := context.WithCancel(context.Background())
		s.stopOrphan = cancel
		if err := s.children.AdoptOrphans(orphans); err != nil {
			s.logger.Warn("orphans will not be adopted", "error", err)
		}
	}
	if err := s.startWorkers(ctx); err != nil {
		s.finish()
		s.failed = public(err)
		return s.failed
	}
	s.started.Store(true)
	return nil
}

func (s *Server) startWorkers(ctx context.Context) error {
	if len(s.apps) > 0 {
		return s.startApps(ctx)
	}
	if err := s.pool.Start(ctx); err != nil {
		return err
	}
	s.announce(<-s.first)
	s.tellWithoutDebugger()
	s.codes.serve()
	return nil
}

// announce writes the start-up lines.
func (s *Server) announce(r worker.Ready) {
	s.logger.Info("python", "version", r.Python, "path", s.interpreter.Path, "from", s.interpreter.Source)
	s.application.Store(&r.Target)
	if r.Broken == nil {
		s.logger.Info("application", "target", r.Target, "kind", r.Kind, "object", r.Application)
	}
	s.logger.Info("workers", "workers", s.cfg.Workers, "threads", s.cfg.Threads, "preload", s.cfg.Preload)
	s.static.announce()
}

// ServeHTTP serves one request. The first one starts the workers if nothing else has.
//
// In an http.Server of your own, the limits for connections are that server's. Where
// it speaks HTTP/2, and bodies stream (Config.StreamRequest), have its
// HTTP2.MaxReceiveBufferPerConnection be MaxConcurrentStreams times
// MaxReceiveBufferPerStream: otherwise bodies that wait for a thread use up the
// connection's window (RFC 9113 5.2), and those that have one wait for them.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.started.Load() {
		// Not the request's context: others wait for the same start.
		if err := s.Start(context.WithoutCancel(r.Context())); err != nil {
			s.logger.Error("the application does not start: " + err.Error())
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
			return
		}
	}
	s.handler.ServeHTTP(w, r)
}

// Shutdown stops accepting connections, lets the requests in progress finish and
// ends the workers. What is not done when ctx ends is cut and killed, and ctx's
// error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	if ctx.Err() != nil {
		s.interruptWorkers() // before any of them is told to end
	}
	s.closeOnce.Do(func() { close(s.closed) })
	if r := s.running.Load(); r != nil {
		return r.stop(ctx)
	}
	return s.stopWorkers(ctx)
}

// Close cuts all connections and kills the workers.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Shutdown(ctx)
	return nil
}

func (s *Server) stopWorkers(ctx context.Context) error {
	errs := make([]error, len(s.each()))
	var stopping sync.WaitGroup
	for i, app := range s.each() {
		stopping.Go(func() {
			errs[i] = app.pool.Stop(ctx)
			app.gateway.Wait()
		})
	}
	stopping.Wait()
	s.finish()
	return errors.Join(errs...)
}

// kill ends all workers at once.
func (s *Server) kill(reason string) {
	for _, app := range s.each() {
		app.pool.Kill(reason)
	}
}

func (s *Server) finish() {
	if s.stopWatching != nil {
		s.stopWatching()
	}
	if s.stopOrphan != nil {
		s.stopOrphan()
	}
}

// drainContext bounds a drain by Config.DrainTimeout.
func (s *Server) drainContext() (context.Context, context.CancelFunc) {
	if s.cfg.DrainTimeout < 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeoutCause(context.Background(), s.cfg.DrainTimeout, errDrain)
}

var errDrain = fmt.Errorf("the drain time is over: %w", context.DeadlineExceeded)

// How long handlers may take to end once their workers are dead: after a drain, and where
// nobody wanted one.
const (
	closedGrace = 2 * time.Second
	cutGrace    = 100 * time.Millisecond
)

// graceOf is what handlers have after ctx has ended a drain.
func graceOf(ctx context.Context) time.Duration {
	if errors.Is(ctx.Err(), context.Canceled) {
		return cutGrace
	}
	return closedGrace
}
