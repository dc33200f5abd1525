package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"highball/internal/pyworker"
	"highball/internal/wire"
)

// stopGrace is how long a zygote may take to end by itself: the hook on_exit and
// atexit functions of a preloaded application run then.
const stopGrace = 2 * time.Second

// zygote is the Python process that forks the workers of one generation.
type zygote struct {
	opts     *Options
	children *Children
	cmd      *exec.Cmd
	attached *Attached // instead of cmd, lifeline and outputs
	channel  *channel
	lifeline *os.File // closing it, or our death, kills the process
	outputs  *outputs
	output   sync.WaitGroup

	loaded  chan error    // one value: nil or why the application did not load
	gone    chan struct{} // closed when the command socket is
	exited  chan struct{} // closed when the process has ended; then waitErr says how
	waitErr error

	questions questions

	mu      sync.Mutex
	nextID  int64
	waiting map[int64]birth
	workers map[int]*Worker // by pid, to pass their exit status on
}

// birth is a worker that the zygote was asked for.
type birth struct {
	worker *Worker
	answer chan forked // takes one
}

type forked struct {
	pid   int
	pidfd *os.File
	err   error
}

func newZygote(opts *Options) *zygote {
	return &zygote{
		children: opts.Children,
		opts:     opts, loaded: make(chan error, 1), gone: make(chan struct{}), exited: make(chan struct{}),
		waiting: map[int64]birth{}, workers: map[int]*Worker{},
	}
}

// startZygote starts the interpreter and has it load what opts say.
func startZygote(ctx context.Context, opts *Options, begin Beginning) (*zygote, error) {
	if opts.Attached != nil {
		return startAttached(ctx, opts, begin)
	}
	z := newZygote(opts)
	if err := z.exec("zygote"); err != nil {
		return nil, err
	}
	go z.receive()
	config := opts.config()
	begin.forked = int(z.children.forked.Load())
	begin.tell(config)
	if err := z.channel.send(wire.TypeLoad, config); err != nil {
		// It may have said why before it went; the wait below reports that.
		opts.Logger.Debug("the zygote does not listen", "error", err)
	}
	if err := z.awaitLoaded(ctx); err != nil {
		z.kill()
		<-z.exited
		z.output.Wait() // what it printed comes before the error
		return nil, err
	}
	return z, nil
}

// exec starts the interpreter, in a role that main.py of highball_worker knows.
func (z *zygote) exec(role string) (err error) {
	conn, theirs, err := socketpair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	z.channel = &channel{conn: conn}
	bundle, bundleR, lifeR, err := z.pipes()
	defer bundleR.Close()
	defer lifeR.Close()
	if err == nil {
		z.outputs, err = capture(z.opts.Logger, &z.output, func() int { return z.cmd.Process.Pid })
	}
	if err == nil {
		z.cmd = z.command(role, z.outputs, bundleR, theirs, lifeR)
		if err = z.children.Start(func() (int, error) { return withoutCapabilities(z.startCommand) }); err != nil {
			z.outputs.close()
			err = z.explain(err)
		}
	}
	if err != nil {
		z.channel.close()
		_ = z.lifeline.Close()
		_ = bundle.Close()
		return err
	}
	z.outputs.start()
	go z.wait()
	go func() { // the bundle is larger than a pipe holds
		_, _ = bundle.Write(pyworker.Bundle())
		_ = bundle.Close()
	}()
	return nil
}

func (z *zygote) startCommand() (pid int, err error) {
	if err := z.cmd.Start(); err != nil {
		return 0, err
	}
	return z.cmd.Process.Pid, nil
}

// pipes makes the one for the bundle and the lifeline.
func (z *zygote) pipes() (bundle, bundleR, lifeR *os.File, err error) {
	if bundleR, bundle, err = os.Pipe(); err != nil {
		return nil, nil, nil, err
	}
	lifeR, z.lifeline, err = os.Pipe()
	return bundle, bundleR, lifeR, err
}

func (z *zygote) command(role string, outputs *outputs, files ...*os.File) *exec.Cmd {
	cmd := exec.Command(z.opts.Interpreter, "-c", pyworker.Program, role)
	cmd.Dir = z.opts.Dir
	cmd.Env = withSafePath(z.opts.Env)
	cmd.ExtraFiles = files // descriptors 3, 4 and 5
	cmd.Stdout, cmd.Stderr = outputs.stdout, outputs.stderr
	return cmd
}

// withSafePath has Python leave the working directory out of its first path,
// where 3.13 finds a user's linecache.py before a line of ours has run. The
// bootstrap takes the variable away again; what the operator has set stays.
func withSafePath(env []string) []string {
	const name = "PYTHONSAFEPATH="
	for _, entry := range env {
		if strings.HasPrefix(entry, name) {
			return env
		}
	}
	return append(slices.Clip(env), name+"highball")
}

// explain says which of the two files an error of the start is about.
func (z *zygote) explain(err error) error {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case ok && path.Op == "chdir":
		return fmt.Errorf("%s: cannot enter the working directory: %w", z.opts.Dir, path.Err)
	case errors.Is(err, fs.ErrPermission) && !canEnter(z.opts.Dir):
		return fmt.Errorf("%s: the user that the server runs as (uid %d) cannot enter the working directory: let him, or choose another with --chdir: %w",
			z.opts.Dir, os.Geteuid(), path.Err)
	case ok:
		err = path.Err
	}
	return fmt.Errorf("%s: cannot start this interpreter: %w", z.opts.Interpreter, err)
}

// canEnter looks for what takes permission to go through the directory.
func canEnter(dir string) bool {
	_, err := os.Stat(cmp.Or(dir, ".") + "/.")
	return err == nil
}

// wait is the only one that waits for the process.
func (z *zygote) wait() {
	z.waitErr = z.cmd.Wait()
	z.children.Ended(z.cmd.Process.Pid)
	z.outputs.expire()
	close(z.exited)
}

func (z *zygote) awaitLoaded(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx, z.opts.StartTimeout)
	defer cancel()
	select {
	case err := <-z.loaded:
		return err
	case <-z.gone:
		return z.died()
	case <-ctx.Done():
		return startError(ctx, z.opts, process{pid: z.pid(), outputs: z.outputs, exited: z.exited})
	}
}

// died reports a zygote that ended before it was ready, with what it had said.
func (z *zygote) died() error {
	select {
	case err := <-z.loaded:
		return err
	default:
	}
	<-z.exited
	if z.attached != nil {
		return errZygoteGone
	}
	z.output.Wait()
	err := z.waitErr
	if err == nil {
		err = errors.New("it exited")
	}
	return &CrashError{
		Message: fmt.Sprintf("%s ended before the application was loaded: %s", z.opts.Interpreter, err),
		Output:  z.outputs.said.words(),
	}
}

// fork has the process of w made. files are the descriptors that it lives on.
func (z *zygote) fork(ctx context.Context, w *Worker, files ...*os.File) (forked, error) {
	answer := make(chan forked, 1)
	z.mu.Lock()
	z.nextID++
	id := z.nextID
	z.waiting[id] = birth{w, answer}
	z.mu.Unlock()
	if err := z.channel.send(wire.TypeFork, map[string]any{"id": id}, files...); err != nil {
		return forked{}, fmt.Errorf("%w: %w", errZygoteGone, err)
	}
	select {
	case f := <-answer:
		return f, f.err
	case <-z.gone:
		return forked{}, errZygoteGone
	case <-ctx.Done():
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return forked{}, ctx.Err()
		}
		z.kill() // the next start finds it gone and makes another
		return forked{}, fmt.Errorf("the zygote did not fork a worker within %s and was killed", z.opts.StartTimeout)
	}
}

var errZygoteGone = errors.New("the zygote died")

// receive handles what the zygote says, until it ends.
func (z *zygote) receive() {
	defer close(z.gone)
	for {
		m, err := z.channel.receive()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				z.opts.Logger.Debug("the zygote's socket ended", "error", err)
			}
			return
		}
		z.handle(m)
	}
}

func (z *zygote) handle(m message) {
	d := m.dict()
	switch m.kind {
	case wire.TypeLoaded:
		z.warnOfThreads(d["warnings"])
		z.warnOfSockets(d["sockets"])
		z.warnOfConnections(d)
		z.loaded <- nil
	case wire.TypeFailed:
		if old := text(d["old"]); old != "" {
			z.loaded <- z.opts.CheckVersion(old)
			return
		}
		z.loaded <- loadError(d)
	case wire.TypeForked:
		z.handleForked(d, m.files)
	case wire.TypeHooked:
		z.questions.answer(d)
	case wire.TypeLog:
		passOn(z.opts.Logger, z.pid(), m)
	case wire.TypeExited:
		z.mu.Lock()
		w := z.workers[number(d["pid"])]
		delete(z.workers, number(d["pid"]))
		z.mu.Unlock()
		if w != nil {
			w.exitStatus(number(d["status"]))
		}
	}
}

func (z *zygote) handleForked(d map[string]any, files []*os.File) {
	f := forked{pid: number(d["pid"])}
	if len(files) > 0 {
		f.pidfd = files[0]
	}
	if cause := text(d["error"]); cause != "" {
		f.err = errors.New("the zygote cannot fork a worker: " + cause)
	}
	if failure, ok := d["failure"].(map[string]any); ok {
		f.err = loadError(failure)
	}
	id := int64(number(d["id"]))
	z.mu.Lock()
	b, ok := z.waiting[id]
	delete(z.waiting, id)
	if ok && f.err == nil {
		z.workers[f.pid] = b.worker // before the next message: it may tell of the end
	}
	z.mu.Unlock()
	if ok {
		z.children.forked.Add(1)
		b.answer <- f
	}
}

// stop lets the zygote end; its workers are not touched.
func (z *zygote) stop() {
	_ = z.channel.conn.CloseWrite() // what its hooks log then is still read
	timer := time.AfterFunc(stopGrace, z.kill)
	<-z.exited
	timer.Stop()
	_ = z.channel.conn.SetReadDeadline(time.Now().Add(outputGrace))
	<-z.gone
	z.channel.close()
	if z.lifeline != nil {
		_ = z.lifeline.Close()
	}
	z.output.Wait()
}

func (z *zygote) kill() {
	z.channel.close()
	if z.attached != nil {
		return // it is not ours to kill
	}
	_ = z.lifeline.Close()
	_ = z.cmd.Process.Kill()
}

func (z *zygote) pid() int {
	if z.attached != nil {
		return z.attached.pid
	}
	return z.cmd.Process.Pid
}

func number(v any) int {
	n, _ := v.(int64)
	return int(n)
}

func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// startError says why somebody waits no longer for a process, and where that was if
// it took too long.
func startError(ctx context.Context, opts *Options, p process) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	err := fmt.Errorf("the application was not loaded within %s: raise --start-timeout (HIGHBALL_START_TIMEOUT) if it needs longer", opts.StartTimeout)
	if stacks := whereItHangs(p); stacks != "" {
		return fmt.Errorf("%w\n%s", err, strings.TrimRight(stacks, "\n"))
	}
	return err
}
