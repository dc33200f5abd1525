package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
)

// Factory makes workers of one generation. It keeps a zygote to fork them from
// and makes a new one when that dies; the workers of the old one serve on.
type Factory struct {
	opts Options

	mu     sync.Mutex
	zygote *zygote
	closed bool

	hooks hooks
}

// NewFactory returns a Factory; nothing is started before the first Start.
func NewFactory(opts Options) *Factory {
	if opts.Children == nil {
		opts.Children = NewChildren()
	}
	return &Factory{opts: opts, hooks: hooks{begin: opts.Beginning}}
}

// Start makes one worker and returns when it is ready to serve. A *LoadError
// says that the application could not be loaded.
func (f *Factory) Start(ctx context.Context) (*Worker, Ready, error) {
	w, ready, err := f.start(ctx)
	if errors.Is(err, syscall.EMFILE) {
		err = fmt.Errorf("%w: raise the limit of this server (LimitNOFILE of systemd, ulimit -n)", err)
	}
	return w, ready, err
}

func (f *Factory) start(ctx context.Context) (*Worker, Ready, error) {
	z, err := f.current(ctx)
	if err != nil {
		return nil, Ready{}, err
	}
	w, ready, err := spawn(ctx, z, &f.opts)
	if errors.Is(err, errZygoteGone) {
		if f.forget(z) && f.opts.Attached == nil {
			f.opts.Logger.Warn("the zygote died; another is started", "pid", z.pid())
		}
		if z, err = f.current(ctx); err != nil {
			return nil, Ready{}, err
		}
		return spawn(ctx, z, &f.opts)
	}
	return w, ready, err
}

// current returns the zygote, started if need be.
func (f *Factory) current(ctx context.Context) (*zygote, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.New("the server is closed")
	}
	if f.zygote != nil {
		return f.zygote, nil
	}
	begin := f.hooks.beginning()
	z, err := startZygote(ctx, &f.opts, begin)
	if err != nil {
		return nil, err
	}
	f.zygote = z
	f.hooks.isUp(z, begin)
	return z, nil
}

// forget reports whether nobody had done so before.
func (f *Factory) forget(z *zygote) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.zygote != z {
		return false
	}
	f.zygote = nil
	f.hooks.isGone()
	z.kill()
	return true
}

// Close ends the zygote. Workers that are still there are not touched.
func (f *Factory) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.hooks.isGone()
	if f.zygote != nil {
		f.zygote.stop()
		f.zygote = nil
	}
}

// Prepare starts the zygote, so that the first Start does not wait for the interpreter.
// It is for a Factory whose zygote imports nothing of the application's (no Preload, no
// Hooks): the code is then as it is when a worker starts.
func (f *Factory) Prepare(ctx context.Context) error {
	_, err := f.current(ctx)
	return err
}
