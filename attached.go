package highball

import (
	"errors"
	"fmt"
	"os"
	"time"

	"highball/internal/interp"
	"highball/internal/worker"
)

// Attached is a Python process that runs already and whose own application is served:
// the program that has called highball.serve or highball.make_server of the Python
// package. It takes the place of the interpreter that a Server starts otherwise, and the
// Server ends when the process does.
type Attached struct {
	// Command is the Server's end of the socket on which the process takes commands.
	Command *os.File

	// PID is the process.
	PID int

	// InThreads says that the process serves in threads of its own, as the only worker,
	// instead of forking workers.
	InThreads bool
}

// errAttached is why there is no other code to serve than what is there.
var errAttached = errors.New("the application was made by the program that serves it: start that program again to have it serve other code")

func (a *Attached) attach() (*worker.Attached, error) {
	if a == nil {
		return nil, nil
	}
	return worker.Attach(a.Command, a.PID, a.InThreads)
}

// attachedDefaults: threads of a process are one worker, which none can replace.
func (c *Config) attachedDefaults() {
	if c.Attached == nil {
		return
	}
	c.Preload = true
	if c.Attached.InThreads {
		orDefault(&c.Workers, 1)
		c.MemoryBudget = -1
	}
}

func (c *Config) checkAttached() error {
	if c.Attached != nil && len(c.Apps) > 0 {
		return errors.New("app: the application was made by the program that serves it: there are no others beside it")
	}
	if c.Attached == nil || !c.Attached.InThreads {
		return nil
	}
	switch {
	case c.Workers != 1:
		return fmt.Errorf("workers: %d: the application is served in threads of the process that made it, which is one: have more threads", c.Workers)
	case c.MaxRequests > 0, c.MaxWorkerLifetime > 0, c.MaxWorkerMemory > 0:
		return errors.New("max-requests, max-worker-lifetime and max-worker-memory replace a worker, but the application is served in threads of the process that made it")
	}
	return nil
}

// hostedLinger is Linger of a server that a test starts and ends: its clients are gone,
// or have left connections open that nobody asks on any more.
const hostedLinger = 10 * time.Millisecond

func (c *Config) linger() time.Duration {
	if c.Attached != nil && c.Attached.InThreads {
		return hostedLinger
	}
	return 0
}

// findInterpreter finds the one that runs the application, or knows it.
func (c *Config) findInterpreter() (interp.Interpreter, error) {
	if c.Attached != nil {
		return interp.Interpreter{Path: c.Python, Source: "the program that serves its application"}, nil
	}
	return interp.Find(interp.Options{
		Python: c.Python, AppDir: c.appDir(), Environ: c.pythonEnv(), Package: os.Getenv(interp.PackageVariable),
	})
}

// attachedGone is closed when the process that the Server is attached to has ended; nil
// if there is none.
func (s *Server) attachedGone() <-chan struct{} {
	if s.attached == nil {
		return nil
	}
	return s.attached.Gone()
}

// Addresses are the URLs that Run answers on, once Ready is closed.
func (s *Server) Addresses() []string {
	if r := s.running.Load(); r != nil {
		return r.addresses()
	}
	return nil
}
