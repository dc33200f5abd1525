package pool

import "context"

// Process is what the pool needs of a worker process with slots of type S.
type Process[S any] interface {
	Slots() []S
	Shares() bool            // its slots take requests ahead of time; see Options.TakeBack
	Exited() <-chan struct{} // closed when the process has ended
	Death() error            // how it did, by itself; after that, and it may take a moment
	Stop()                   // ends an idle process; Exited tells when it has
	Kill(reason string)      // ends it at once; "": for no reason that is worth a line
	CloseSlots()             // frees what an ended process, no longer used, held
	Memory() (int64, error)  // that it takes of the system's, in bytes
}

// Generation makes the processes of one version of the code.
type Generation[S any] interface {
	// Start makes a process and returns when it is ready to serve.
	Start(ctx context.Context) (Process[S], error)
	// Close is called once, when all its processes have ended and no more are wanted.
	Close()
}

// generation counts who uses one.
type generation[S any] struct {
	Generation[S]
	number int
	users  int // seats and processes; guarded by Pool.stateMu
}
