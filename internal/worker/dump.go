package worker

import (
	"context"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// dumpTime is how long a process that is to be killed may take to write its stacks,
// and dumpPause how long nothing must come until they are taken for complete:
// nothing marks their end.
const (
	dumpTime  = 500 * time.Millisecond
	dumpPause = 50 * time.Millisecond
)

// dump is how a process that runs no Python code says where its threads are.
type dump struct {
	signal syscall.Signal // 0: it has none
	once   sync.Once
	turn   chan struct{} // holds one token: two at once would be mixed
}

// process is what has to be known of one whose stacks are wanted.
type process struct {
	pid     int
	pidfd   *os.File // may be nil
	outputs *outputs
	exited  <-chan struct{}
}

func (w *Worker) process() process { return process{w.pid, w.pidfd, w.outputs, w.exited} }

func (w *Worker) setDumpSignal(number any) {
	n, _ := number.(int64)
	w.dump.signal = syscall.Signal(n)
}

// Dump is DumpStacks for one that is to be killed afterwards, which needs the
// stacks in the log. Only the first call does it; others wait for that.
func (w *Worker) Dump() {
	w.dump.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dumpTime)
		defer cancel()
		w.DumpStacks(ctx)
	})
}

// DumpStacks has the process write the stacks of all its threads to stderr, though
// the interpreter's lock be held. They go to the log, and are returned; what else
// the process writes meanwhile is among them. The process lives on. When ctx ends
// before it has written anything, nothing is returned.
func (w *Worker) DumpStacks(ctx context.Context) string {
	select {
	case w.dump.turn <- struct{}{}:
		defer func() { <-w.dump.turn }()
	case <-ctx.Done():
		return ""
	}
	return dumpOf(ctx, w.process(), w.dump.signal, true)
}

// whereItHangs are the stacks of a process that takes too long to start. They go
// into the error that says so, and not into the log besides.
func whereItHangs(p process) string {
	ctx, cancel := context.WithTimeout(context.Background(), dumpTime)
	defer cancel()
	return withoutImports(dumpOf(ctx, p, dumpSignal, false))
}

// tellWhenSlow has the log say where a start is, for somebody who waits for it, until
// what it returns is called. Nobody else asks for the stacks from then on.
func (w *Worker) tellWhenSlow() (enough func()) {
	d := w.opts.Development
	if d == nil || d.TellAfter <= 0 {
		return func() {}
	}
	over, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		timer := time.NewTimer(d.TellAfter)
		defer timer.Stop()
		select {
		case <-timer.C:
			w.opts.Logger.Warn("the application is still being loaded\n"+whereItHangs(w.process()), "after", d.TellAfter)
		case <-over:
		}
	}()
	return func() { close(over); <-told }
}

// withoutImports leaves out the calls that stand in each stack of a start: those
// of the import system and ours.
func withoutImports(stacks string) string {
	var kept strings.Builder
	for line := range strings.Lines(stacks) {
		if !importCall.MatchString(line) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

var importCall = regexp.MustCompile(`^  File "(<highball>/.*|<string>|<frozen importlib\._bootstrap(_external)?>)", line `)

func dumpOf(ctx context.Context, p process, signal syscall.Signal, logged bool) string {
	if signal == 0 || p.outputs == nil || !catches(p.pid, signal) {
		return ""
	}
	said := &p.outputs.said
	said.beginDump(logged)
	if sendSignal(p.pid, p.pidfd, signal) == nil {
		p.awaitDump(ctx)
	}
	return said.endDump()
}

// awaitDump returns when no more lines come.
func (p process) awaitDump(ctx context.Context) {
	tick := time.NewTicker(dumpPause)
	defer tick.Stop()
	for seen := 0; ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		case <-p.exited:
			return
		}
		now := p.outputs.said.dumpedLines()
		if now > 0 && now == seen {
			return
		}
		seen = now
	}
}

// Dump is the worker's.
func (c *Call) Dump() { c.slot.worker.Dump() }
