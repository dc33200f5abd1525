package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"highball/internal/wire"
)

// outputGrace is how long output of a dead worker is still read: a process that
// it left behind may hold the pipe open for ever.
const outputGrace = time.Second

// Worker is one Python process and its slots.
type Worker struct {
	opts     *Options
	pid      int
	pidfd    *os.File // nil where the system has none
	control  *channel
	lifeline *os.File
	words    *words
	slots    []*Slot
	outputs  *outputs
	output   sync.WaitGroup

	ready  chan Ready
	failed chan *LoadError
	stacks chan []any
	exited chan struct{}
	status chan int // the zygote's report

	state  state
	reason atomic.Pointer[string] // why it was killed by us
}

// Ready is what a worker reports when its application is loaded.
type Ready struct {
	PID         int
	Python      string // "CPython 3.13.0"
	Application string // its repr
	Target      string // "module:attr"
	Kind        string // "module", "file", "django", "flask", "mod_wsgi"
}

// spawn makes a worker and waits until it is ready to serve.
func spawn(ctx context.Context, z *zygote, opts *Options) (*Worker, Ready, error) {
	ctx, cancel := withTimeout(ctx, opts.StartTimeout)
	defer cancel()
	w := &Worker{
		opts: opts, ready: make(chan Ready, 1), failed: make(chan *LoadError, 1),
		stacks: make(chan []any, 1), exited: make(chan struct{}), status: make(chan int, 1),
	}
	if err := w.fork(ctx, z); err != nil {
		return nil, Ready{}, err
	}
	ready, err := w.await(ctx)
	if err != nil {
		w.Kill("it did not start")
		<-w.exited
		return nil, Ready{}, err
	}
	w.state.set(StateReady)
	return w, ready, nil
}

func (w *Worker) fork(ctx context.Context, z *zygote) (err error) {
	defer func() {
		if err != nil {
			w.closeAll()
		}
	}()
	conn, theirs, err := socketpair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	w.control = &channel{conn: conn}
	lifeR, lifeW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lifeR.Close()
	w.lifeline = lifeW
	w.outputs, err = capture(w.opts.Logger, &w.output, func() int { return w.pid })
	if err != nil {
		return err
	}
	f, err := z.fork(ctx, theirs, lifeR, w.outputs.stdout, w.outputs.stderr)
	if err != nil {
		w.outputs.close()
		return err
	}
	w.pid, w.pidfd = f.pid, f.pidfd
	w.outputs.start()
	z.adopt(w)
	controlEnded := make(chan struct{})
	go w.receive(controlEnded)
	go w.watch(z, controlEnded)
	if err := w.setUp(); err != nil {
		w.Kill("its sockets could not be made")
		<-w.exited
		return err
	}
	return nil
}

// setUp gives the worker its shared words and the sockets of its slots.
func (w *Worker) setUp() error {
	shared, f, err := newWords(w.opts.Threads)
	if err != nil {
		return err
	}
	defer f.Close()
	w.words = shared
	if err := w.control.send(wire.TypeSetup, map[string]any{"slots": w.opts.Threads}, f); err != nil {
		return err
	}
	for i := range w.opts.Threads {
		s, theirs, err := newSlot(w, i)
		if err != nil {
			return err
		}
		w.slots = append(w.slots, s)
		err = w.control.send(wire.TypeSlot, map[string]any{}, theirs...)
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) await(ctx context.Context) (Ready, error) {
	select {
	case r := <-w.ready:
		return r, nil
	case e := <-w.failed:
		return Ready{}, e
	case <-w.exited:
		select {
		case e := <-w.failed:
			return Ready{}, e
		default:
		}
		return Ready{}, fmt.Errorf("the worker ended while it loaded the application: %s", w.howItEnded())
	case <-ctx.Done():
		return Ready{}, startError(ctx, w.opts)
	}
}

// receive handles what the worker says on its control socket.
func (w *Worker) receive(ended chan<- struct{}) {
	defer close(ended)
	for {
		m, err := w.control.receive()
		if err != nil {
			return
		}
		switch m.kind {
		case wire.TypeReady:
			d := m.dict()
			w.ready <- Ready{
				PID: w.pid, Python: text(d["python"]), Application: text(d["application"]),
				Target: text(d["target"]), Kind: text(d["kind"]),
			}
		case wire.TypeFailed:
			w.failed <- loadError(m)
		case wire.TypeLog:
			w.log(m)
		case wire.TypeTrace:
			if w.opts.OnTrace != nil {
				w.opts.OnTrace(m.dict())
			}
		case wire.TypeStacked:
			stacks, _ := m.value.([]any)
			select {
			case w.stacks <- stacks:
			default:
			}
		}
	}
}

// log passes on a line of wsgi.errors or a remark of the worker's server.
func (w *Worker) log(m message) {
	fields, _ := m.value.([]any)
	if len(fields) != 3 {
		return
	}
	level, line := slog.LevelInfo, text(fields[1])
	attrs := []any{"pid", w.pid}
	if id := text(fields[2]); id != "" {
		attrs = append(attrs, "request", id)
	}
	switch text(fields[0]) {
	case "errors":
		attrs = append(attrs, "stream", "wsgi.errors")
	case "error":
		level = slog.LevelError
		head, rest := cutLine(line)
		if line = head; rest != "" {
			attrs = append(attrs, "traceback", rest)
		}
	}
	w.opts.Logger.Log(context.Background(), level, line, attrs...)
}

// PID is the process's number.
func (w *Worker) PID() int { return w.pid }

// Slots are the places where the worker serves requests.
func (w *Worker) Slots() []*Slot { return w.slots }

// Exited is closed when the process has ended.
func (w *Worker) Exited() <-chan struct{} { return w.exited }

// Stop lets an idle worker end: its slots' sockets close, its threads return,
// its atexit functions run. Exited tells when it has.
func (w *Worker) Stop() {
	if !w.state.set(StateStopping) {
		return
	}
	for _, s := range w.slots {
		s.close()
	}
}

// Kill ends the process at once. The first reason is kept for the log.
func (w *Worker) Kill(reason string) {
	w.reason.CompareAndSwap(nil, &reason)
	select {
	case <-w.exited:
		return
	default:
	}
	if err := signalKill(w.pid, w.pidfd); err != nil && !errors.Is(err, os.ErrProcessDone) {
		w.opts.Logger.Error("cannot kill a worker", "pid", w.pid, "error", err)
	}
}
