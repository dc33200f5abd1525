package worker

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

// statusGrace is how long the zygote's report of an exit status is waited for
// once the pidfd has told of the death.
const statusGrace = 500 * time.Millisecond

// watch owns the worker's end: it learns of it once, wakes who reads from the
// slots, and tells the log. Never from an end of file alone: a child of the
// application may hold the pipes open.
func (w *Worker) watch(z *zygote, controlEnded <-chan struct{}) {
	if w.isHosted() {
		<-controlEnded
	} else if w.pidfd != nil {
		awaitPidfd(w.pidfd)
	} else {
		w.awaitReport(z, controlEnded)
	}
	before := w.state.load()
	w.state.set(StateDead)
	// First the news, then the pipes: who finds a pipe ended knows why.
	close(w.exited)
	for _, s := range w.slots {
		s.hangUp()
	}
	how := w.howItEnded()
	w.how = how
	switch reason := w.reason.Load(); {
	case before == StateStarting: // whoever started it has the error
		w.opts.Logger.Debug("worker did not start", "pid", w.pid, "how", how)
	case reason != nil && *reason == "": // whoever wanted it has said so
		w.opts.Logger.Debug("worker killed", "pid", w.pid)
	case reason != nil:
		w.opts.Logger.Warn("worker killed: "+*reason, "pid", w.pid)
	case before == StateStopping:
		w.opts.Logger.Debug("worker ended", "pid", w.pid, "how", how)
	default:
		w.opts.Logger.Error("worker died: "+how, "pid", w.pid)
	}
	w.finish(controlEnded)
}

// awaitReport is for systems without pidfds: the zygote's word, or, when the
// zygote has gone too, the end of the control socket.
func (w *Worker) awaitReport(z *zygote, controlEnded <-chan struct{}) {
	select {
	case s := <-w.status:
		w.status <- s
		return
	case <-z.gone:
	}
	<-controlEnded
}

// finish closes what is left, after the last words have been read.
func (w *Worker) finish(controlEnded <-chan struct{}) {
	_ = w.control.conn.SetReadDeadline(time.Now().Add(outputGrace))
	w.outputs.expire()
	<-controlEnded
	w.output.Wait()
	w.closeAll()
	close(w.finished)
}

func (w *Worker) closeAll() {
	if w.control != nil {
		w.control.close()
	}
	if w.lifeline != nil {
		_ = w.lifeline.Close()
	}
	if w.pidfd != nil {
		_ = w.pidfd.Close()
	}
}

// CloseSlots closes the slots' pipes of a dead worker, when no request uses
// them. It returns when the worker's last words are in the log.
func (w *Worker) CloseSlots() {
	<-w.finished
	w.closeSlots()
}

func (w *Worker) closeSlots() {
	for _, s := range w.slots {
		s.close()
	}
}

// Death says how a process ended that was ready once, when its last words have
// been read.
func (w *Worker) Death() error {
	<-w.finished
	if reason := w.reason.Load(); reason != nil {
		return &CrashError{Message: "it was killed: " + *reason}
	}
	return w.crash("")
}

// crash is for a worker whose last words have been read.
func (w *Worker) crash(what string) error {
	return &CrashError{Message: what + w.how, Output: w.outputs.said.words()}
}

// exitStatus takes the zygote's report, in wait(2)'s form.
func (w *Worker) exitStatus(status int) {
	select {
	case w.status <- status:
	default:
	}
}

// howItEnded puts the exit status into words; it is read once.
func (w *Worker) howItEnded() string {
	if w.isHosted() {
		return "the program that it is a part of has closed it"
	}
	select {
	case raw := <-w.status:
		w.status <- raw
		return describeStatus(syscall.WaitStatus(raw))
	case <-time.After(statusGrace):
		return "its exit status is not known"
	}
}

func describeStatus(status syscall.WaitStatus) string {
	if status.Signaled() {
		text := fmt.Sprintf("signal %d (%s)", int(status.Signal()), status.Signal())
		if status.Signal() == syscall.SIGKILL {
			text += ", out of memory perhaps"
		}
		return text
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}

func cutLine(s string) (head, rest string) {
	head, rest, _ = strings.Cut(s, "\n")
	return head, rest
}
