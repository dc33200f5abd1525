package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"highball/internal/pyworker"
	"highball/internal/wire"
)

// stopGrace is how long a zygote may take to end by itself: atexit functions of
// a preloaded application run then.
const stopGrace = 2 * time.Second

// zygote is the Python process that forks the workers of one generation.
type zygote struct {
	opts     *Options
	note     func(pid int, lives bool)
	cmd      *exec.Cmd
	channel  *channel
	lifeline *os.File // closing it, or our death, kills the process
	output   sync.WaitGroup

	loaded  chan error    // one value: nil or why the application did not load
	gone    chan struct{} // closed when the command socket is
	exited  chan struct{} // closed when the process has ended; then waitErr says how
	waitErr error

	mu      sync.Mutex
	nextID  int64
	waiting map[int64]chan forked
	workers map[int]*Worker // by pid, to pass their exit status on
}

type forked struct {
	pid   int
	pidfd *os.File
}

// startZygote starts the interpreter and has it load what opts say.
// note is told of the process's number when it begins and when it has been waited for.
func startZygote(ctx context.Context, opts *Options, note func(pid int, lives bool)) (*zygote, error) {
	z := &zygote{
		note: note,
		opts: opts, loaded: make(chan error, 1), gone: make(chan struct{}), exited: make(chan struct{}),
		waiting: map[int64]chan forked{}, workers: map[int]*Worker{},
	}
	if err := z.exec(); err != nil {
		return nil, err
	}
	go z.receive()
	if err := z.channel.send(wire.TypeLoad, opts.config()); err != nil {
		// It may have said why before it went; the wait below reports that.
		opts.Logger.Debug("the zygote does not listen", "error", err)
	}
	if err := z.awaitLoaded(ctx); err != nil {
		z.kill()
		return nil, err
	}
	return z, nil
}

func (z *zygote) exec() error {
	conn, theirs, err := socketpair()
	if err != nil {
		return err
	}
	z.channel = &channel{conn: conn}
	defer theirs.Close()
	bundleR, bundleW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer bundleR.Close()
	lifeR, lifeW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lifeR.Close()
	z.lifeline = lifeW

	cmd := exec.Command(z.opts.Interpreter, "-c", pyworker.Bootstrap, "zygote")
	cmd.Dir = z.opts.Dir
	cmd.Env = z.opts.Env
	cmd.ExtraFiles = []*os.File{bundleR, theirs, lifeR} // descriptors 3, 4 and 5
	outputs, err := capture(z.opts.Logger, &z.output, func() int { return cmd.Process.Pid })
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = outputs.stdout, outputs.stderr
	if err := cmd.Start(); err != nil {
		outputs.close()
		_ = bundleW.Close()
		return fmt.Errorf("%s: cannot start this interpreter: %w", z.opts.Interpreter, errors.Unwrap(err))
	}
	outputs.start()
	z.cmd = cmd
	z.note(cmd.Process.Pid, true)
	go func() { // the only one that waits for the process
		z.waitErr = cmd.Wait()
		z.note(cmd.Process.Pid, false)
		close(z.exited)
	}()
	go func() { // the bundle is larger than a pipe holds
		_, _ = bundleW.Write(pyworker.Bundle())
		_ = bundleW.Close()
	}()
	return nil
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
		return startError(ctx, z.opts)
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
	z.output.Wait()
	err := z.waitErr
	if err == nil {
		err = errors.New("it exited")
	}
	return fmt.Errorf("%s ended before the application was loaded: %w", z.opts.Interpreter, err)
}

// fork has a worker made. files are the descriptors that it lives on.
func (z *zygote) fork(ctx context.Context, files ...*os.File) (forked, error) {
	answer := make(chan forked, 1)
	z.mu.Lock()
	z.nextID++
	id := z.nextID
	z.waiting[id] = answer
	z.mu.Unlock()
	if err := z.channel.send(wire.TypeFork, map[string]any{"id": id}, files...); err != nil {
		return forked{}, fmt.Errorf("%w: %w", errZygoteGone, err)
	}
	select {
	case f := <-answer:
		return f, nil
	case <-z.gone:
		return forked{}, errZygoteGone
	case <-ctx.Done():
		return forked{}, startError(ctx, z.opts)
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
		z.loaded <- nil
	case wire.TypeFailed:
		if old := text(d["old"]); old != "" {
			z.loaded <- z.opts.CheckVersion(old)
			return
		}
		z.loaded <- loadError(m)
	case wire.TypeForked:
		z.handleForked(d, m.files)
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
	id := int64(number(d["id"]))
	z.mu.Lock()
	answer := z.waiting[id]
	delete(z.waiting, id)
	z.mu.Unlock()
	if answer != nil {
		answer <- f
	}
}

func (z *zygote) warnOfThreads(v any) {
	names, _ := v.([]any)
	if len(names) > 0 {
		z.opts.Logger.Warn("the application started threads while it was imported; they do not exist "+
			"in the workers, which were forked afterwards: start them later, or use --no-preload", "threads", names)
	}
}

func (z *zygote) adopt(w *Worker) {
	z.mu.Lock()
	z.workers[w.pid] = w
	z.mu.Unlock()
}

// stop lets the zygote end; its workers are not touched.
func (z *zygote) stop() {
	z.channel.close()
	timer := time.AfterFunc(stopGrace, z.kill)
	<-z.exited
	timer.Stop()
	_ = z.lifeline.Close()
}

func (z *zygote) kill() {
	z.channel.close()
	_ = z.lifeline.Close()
	_ = z.cmd.Process.Kill()
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

func startError(ctx context.Context, opts *Options) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("the application was not loaded within %s: raise --start-timeout if it needs longer",
			opts.StartTimeout)
	}
	return ctx.Err()
}
