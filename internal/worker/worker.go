package worker

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"highball/internal/wire"
)

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
	exited chan struct{}
	status chan int // the zygote's report

	finished chan struct{} // closed when all that it said has been read
	how      string        // it ended; set before finished is closed

	questions questions
	dump      dump
	state     state

	interrupts bool // it has hooks that come before a quick stop; set before it is ready

	reason atomic.Pointer[string] // why it was killed by us
}

// Ready is what a worker reports when its application is loaded.
type Ready struct {
	PID         int
	Python      string // "CPython 3.13.0"
	Application string // its repr
	Target      string // "module:attr"
	Kind        string // "module", "file", "django", "flask", "mod_wsgi"

	Static      []Static   // static files that the framework knows of
	StaticNotes []string   // why some are not among them
	Broken      *LoadError // of Options.Development: why a page is served in its place
	PIN         string     // of Werkzeug's debugger, if that is offered
}

func newReady(pid int, d map[string]any) Ready {
	r := Ready{
		PID: pid, Python: text(d["python"]), Application: text(d["application"]),
		Target: text(d["target"]), Kind: text(d["kind"]), PIN: text(d["pin"]),
		Static: staticOf(d["static"]), StaticNotes: texts(d["static_notes"]),
	}
	if broken, ok := d["broken"].(map[string]any); ok && len(broken) > 0 {
		r.Broken = loadError(broken)
	}
	return r
}

// spawn makes a worker and waits until it is ready to serve.
func spawn(ctx context.Context, z *zygote, opts *Options) (*Worker, Ready, error) {
	ctx, cancel := withTimeout(ctx, opts.StartTimeout)
	defer cancel()
	w := &Worker{
		opts: opts, ready: make(chan Ready, 1), failed: make(chan *LoadError, 1),
		exited: make(chan struct{}), status: make(chan int, 1), finished: make(chan struct{}),
		dump: dump{turn: make(chan struct{}, 1)},
	}
	if err := w.fork(ctx, z); err != nil {
		return nil, Ready{}, err
	}
	ready, err := w.await(ctx)
	if err != nil {
		w.Kill("it did not start")
		w.CloseSlots()
		return nil, Ready{}, err
	}
	w.state.set(StateReady)
	return w, ready, nil
}

// fork makes what the worker and the front share, then the worker.
func (w *Worker) fork(ctx context.Context, z *zygote) error {
	ends, err := w.equip()
	defer ends.close()
	var f forked
	if err == nil {
		f, err = z.fork(ctx, w, ends.control, ends.lifeline, w.outputs.stdout, w.outputs.stderr)
	}
	if err != nil {
		w.closeAll()
		w.closeSlots()
		if w.outputs != nil {
			w.outputs.close()
		}
		return err
	}
	w.pid, w.pidfd = f.pid, f.pidfd
	w.outputs.start()
	controlEnded := make(chan struct{})
	go w.receive(controlEnded)
	go w.watch(z, controlEnded)
	if err := w.setUp(ends); err != nil { // await says how it ended
		w.Kill("it did not take its sockets: " + err.Error())
	}
	return nil
}

// ends are the worker's ends of what it shares with the front, its stdout and
// stderr aside.
type ends struct {
	control, lifeline, words *os.File
	slots                    [][]*os.File
}

// equip makes all that is shared before there is a process, so that whoever
// watches it finds everything in its place.
func (w *Worker) equip() (theirs ends, err error) {
	conn, control, err := socketpair()
	if err != nil {
		return theirs, err
	}
	w.control, theirs.control = &channel{conn: conn}, control
	if theirs.lifeline, w.lifeline, err = os.Pipe(); err != nil {
		return theirs, err
	}
	if w.words, theirs.words, err = newWords(w.opts.Threads); err != nil {
		return theirs, err
	}
	for i := range w.opts.Threads {
		s, files, err := newSlot(w, i)
		if err != nil {
			return theirs, err
		}
		w.slots, theirs.slots = append(w.slots, s), append(theirs.slots, files)
	}
	w.outputs, err = capture(w.opts.Logger, &w.output, func() int { return w.pid })
	return theirs, err
}

func (e *ends) close() {
	files := []*os.File{e.control, e.lifeline, e.words}
	for _, f := range append(files, slices.Concat(e.slots...)...) {
		if f != nil {
			_ = f.Close()
		}
	}
}

// setUp gives the worker its shared words and the descriptors of its slots.
func (w *Worker) setUp(theirs ends) error {
	err := w.control.send(wire.TypeSetup, map[string]any{"slots": w.opts.Threads}, theirs.words)
	for _, files := range theirs.slots {
		if err == nil {
			err = w.control.send(wire.TypeSlot, map[string]any{}, files...)
		}
	}
	return err
}

func (w *Worker) await(ctx context.Context) (Ready, error) {
	enough := sync.OnceFunc(w.tellWhenSlow())
	defer enough()
	select {
	case r := <-w.ready:
		return r, nil
	case e := <-w.failed:
		return Ready{}, e
	case <-w.exited:
		<-w.finished // it may have said why, and nobody has read that yet
		select {
		case e := <-w.failed:
			return Ready{}, e
		default:
		}
		return Ready{}, w.crash("the worker ended while it loaded the application: ")
	case <-ctx.Done():
		enough()
		return Ready{}, startError(ctx, w.opts, w.process())
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
			w.setDumpSignal(d["dump"])
			w.interrupts, _ = d["interrupts"].(bool)
			w.ready <- newReady(w.pid, d)
		case wire.TypeFailed:
			w.failed <- loadError(m.dict())
		case wire.TypeLog:
			passOn(w.opts.Logger, w.pid, m)
		case wire.TypeFiles:
			if w.opts.OnFiles != nil {
				w.opts.OnFiles(texts(m.value))
			}
		case wire.TypeTrace:
			if w.opts.OnTrace != nil {
				w.opts.OnTrace(m.dict())
			}
		case wire.TypeStacked, wire.TypeInterrupted, wire.TypeGivenUp, wire.TypeHooked:
			w.questions.answer(m.dict())
		}
	}
}

// PID is the process's number.
func (w *Worker) PID() int { return w.pid }

// Slots are the places where the worker serves requests.
func (w *Worker) Slots() []*Slot { return w.slots }

// Shares says whether requests may be sent to a slot ahead of time: what it has
// not begun can be taken back.
func (w *Worker) Shares() bool {
	return !slices.ContainsFunc(w.slots, func(s *Slot) bool { return s.unread == nil })
}

// Exited is closed when the process has ended.
func (w *Worker) Exited() <-chan struct{} { return w.exited }

// Stop lets an idle worker end: its slots' pipes close, its threads return,
// its atexit functions run. Exited tells when it has.
func (w *Worker) Stop() {
	if !w.state.set(StateStopping) {
		return
	}
	for _, s := range w.slots {
		s.close()
	}
}

// Kill ends the process at once. The first reason is kept for the log; "" is for one that
// has been told of already.
func (w *Worker) Kill(reason string) {
	w.reason.CompareAndSwap(nil, &reason)
	select {
	case <-w.exited:
		return
	default:
	}
	if w.isHosted() {
		w.control.close() // its threads see their pipes end; the process is not ours to kill
		return
	}
	if err := sendSignal(w.pid, w.pidfd, syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		w.opts.Logger.Error("cannot kill a worker", "pid", w.pid, "error", err)
	}
}
