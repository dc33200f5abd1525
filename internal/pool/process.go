package pool

import "context"

// Process is what the pool needs of a worker process with slots of type S.
type Process[S any] interface {
	Slots() []S
	Shares() bool            // its slots take requests ahead of time; see Options.TakeBack
	Exited() <-chan struct{} // closed when the process has ended
	Stop()                   // ends an idle process; Exited tells when it has
	Kill(reason string)      // ends it at once
	CloseSlots()             // frees what an ended process, no longer used, held
}

// Starter makes a process and returns when it is ready to serve.
type Starter[S any] func(ctx context.Context) (Process[S], error)
