package worker

import (
	"sync"
	"syscall"
	"time"
)

// dumpTime is how long a process may take to write its stacks, and dumpPause how
// long nothing must come until they are taken for complete: nothing marks their end.
const (
	dumpTime  = 500 * time.Millisecond
	dumpPause = 50 * time.Millisecond
)

// dump is how a process that runs no Python code says where its threads are.
type dump struct {
	signal syscall.Signal // 0: it has none
	once   sync.Once
}

func (w *Worker) setDumpSignal(number any) {
	n, _ := number.(int64)
	w.dump.signal = syscall.Signal(n)
}

// Dump has the process write the stacks of all its threads to stderr, and so to
// the log, though the interpreter's lock be held. It returns when they have been
// read. Only the first call does it; others wait for that.
func (w *Worker) Dump() { w.dump.once.Do(w.dumpNow) }

func (w *Worker) dumpNow() {
	if w.dump.signal == 0 {
		return
	}
	w.outputs.dumping.Store(true) // and for good: whoever has it dumped kills it
	if err := sendSignal(w.pid, w.pidfd, w.dump.signal); err != nil {
		return
	}
	late := time.After(dumpTime)
	tick := time.NewTicker(dumpPause)
	defer tick.Stop()
	for seen := int64(0); ; {
		select {
		case <-tick.C:
		case <-late:
			return
		case <-w.exited:
			return
		}
		now := w.outputs.dumped.Load()
		if now > 0 && now == seen {
			return
		}
		seen = now
	}
}

// Dump is the worker's.
func (c *Call) Dump() { c.slot.worker.Dump() }
