package worker

import (
	"context"
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
	if w.dump.signal == 0 || !catches(w.pid, w.dump.signal) {
		return ""
	}
	said := &w.outputs.said
	said.beginDump()
	if sendSignal(w.pid, w.pidfd, w.dump.signal) == nil {
		w.awaitDump(ctx)
	}
	return said.endDump()
}

// awaitDump returns when no more lines come.
func (w *Worker) awaitDump(ctx context.Context) {
	tick := time.NewTicker(dumpPause)
	defer tick.Stop()
	for seen := 0; ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		case <-w.exited:
			return
		}
		now := w.outputs.said.dumpedLines()
		if now > 0 && now == seen {
			return
		}
		seen = now
	}
}

// Dump is the worker's.
func (c *Call) Dump() { c.slot.worker.Dump() }
