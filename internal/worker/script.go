package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"highball/internal/wire"
)

// scriptGrace is how long the process may be silent beyond the time that it
// bounds itself: it cannot where C code holds the interpreter.
const scriptGrace = 3 * time.Second

// Script is a run of the bundle in a role that serves nothing.
type Script struct {
	Role    string
	Config  map[string]any             // beside what the zygote is told
	Quiet   time.Duration              // the longest time between two events; 0: no limit
	OnEvent func(event map[string]any) // nil: the load is all that is asked for
}

// RunScript starts an interpreter as the zygote is started, has it load the
// application and passes on its events, until the one called "end". It returns
// what the process reported of the application. A *LoadError says that it could
// not be loaded, a *ScriptError that the process ended or hung after that.
func RunScript(ctx context.Context, opts Options, script Script) (Ready, error) {
	z := &zygote{
		children: NewChildren(), opts: &opts, exited: make(chan struct{}),
	}
	if err := z.exec(script.Role); err != nil {
		return Ready{}, err
	}
	defer func() {
		z.kill()
		<-z.exited
		z.output.Wait() // what it printed comes before what is said about it
	}()
	defer context.AfterFunc(ctx, func() { // wakes the reader below, too
		_ = z.channel.conn.Close()
		_ = z.cmd.Process.Kill()
	})()
	config := opts.config()
	for key, value := range script.Config {
		config[key] = value
	}
	// An interpreter that is too old says so and does not read this.
	_ = z.channel.send(wire.TypeLoad, config)
	ready, err := z.report()
	if err == nil && script.OnEvent != nil {
		err = z.events(script)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return ready, err
}

// report waits for what became of loading the application.
func (z *zygote) report() (Ready, error) {
	_ = z.channel.conn.SetReadDeadline(deadlineAfter(z.opts.StartTimeout))
	m, err := z.channel.receive()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Ready{}, &LoadError{
			Message: fmt.Sprintf("the application was not loaded within %s", z.opts.StartTimeout),
			Hint:    "raise --start-timeout if it needs longer",
		}
	case err != nil:
		<-z.exited
		return Ready{}, &LoadError{Message: "the process ended while it loaded the application: " + z.cmd.ProcessState.String()}
	case m.kind == wire.TypeReady:
		return newReady(z.cmd.Process.Pid, m.dict()), nil
	}
	if old := text(m.dict()["old"]); old != "" {
		return Ready{}, z.opts.CheckVersion(old)
	}
	return Ready{}, loadError(m.dict())
}

// ScriptError says that the process did not come to its end.
type ScriptError struct {
	Hung  bool   // it was silent for too long, and was killed
	State string // how it ended, in words
}

func (e *ScriptError) Error() string {
	if e.Hung {
		return "the process hung"
	}
	return "the process ended: " + e.State
}

func (z *zygote) events(script Script) error {
	for {
		limit := script.Quiet
		if limit > 0 {
			limit += scriptGrace
		}
		_ = z.channel.conn.SetReadDeadline(deadlineAfter(limit))
		m, err := z.channel.receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return &ScriptError{Hung: true}
		}
		if err != nil {
			<-z.exited
			return &ScriptError{State: z.cmd.ProcessState.String()}
		}
		script.OnEvent(m.dict())
		if text(m.dict()["event"]) == "end" {
			return nil
		}
	}
}

func deadlineAfter(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}
