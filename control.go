package highball

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"highball/internal/control"
	"highball/internal/listen"
	"highball/internal/pool"
	"highball/internal/worker"
)

// target is what `highball ctl` asks and tells.
type target struct {
	s     *Server
	r     *run
	began time.Time
}

// listenForControl opens the control socket, unless there is to be none.
func (r *run) listenForControl(ctx context.Context, given *listen.Inherited) error {
	path := r.s.cfg.Control
	if path == "" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if r.control = r.take(ctx, given, listen.Address{Path: path}); r.control == nil {
		r.control, err = control.Listen(path)
	}
	return err
}

// controller answers on the control socket of a run, if it has one.
type controller struct {
	r      *run
	target *target
	once   sync.Once
	served sync.WaitGroup
}

func (r *run) newControl() *controller {
	return &controller{r: r, target: &target{s: r.s, r: r, began: time.Now()}}
}

// serve begins to answer, if it has not yet.
func (c *controller) serve() {
	if c.r.control == nil {
		return
	}
	c.once.Do(func() {
		c.r.s.logger.Debug("control socket", "address", c.r.control.Name())
		c.served.Go(func() {
			if err := control.Serve(c.r.control, c.target); err != nil {
				c.r.s.logger.Error(err.Error())
			}
		})
	})
}

// end closes the socket and returns when the last answers have left.
func (c *controller) end() {
	if c.r.control != nil {
		_ = c.r.control.Close()
	}
	c.served.Wait()
}

// Status is what there is to say of the whole.
func (t *target) Status() control.Status {
	s := t.s
	status := control.Status{
		State: t.state(), PID: os.Getpid(), Version: Version, Began: t.began, Addresses: t.r.addresses(),
		Workers: t.Workers(), Queue: control.Queue{Size: max(s.cfg.QueueSize, 0)},
	}
	if application := s.application.Load(); application != nil {
		status.Application = *application
	}
	load := s.pool.Load()
	status.Queue.Waiting = load.Queued
	status.Requests = control.Traffic{InFlight: len(s.gateway.InFlight()), Served: s.gateway.Served()}
	status.Bodies, status.Responses, status.Spool = t.bodies(), t.responses(), t.spool()
	status.Connections, status.Refusals = t.connections()
	status.Certificates = s.certificateStates()
	status.Generation = s.pool.Generation()
	health := s.pool.Health()
	if health.Last != nil {
		status.LastError = report(health.Last)
	}
	if !health.Retry.IsZero() {
		status.Retry = &health.Retry
	}
	return status
}

func (t *target) connections() (control.Connections, map[string]int64) {
	c := t.r.front.Stats()
	return control.Connections{
		Open: c.Open, Max: c.Max, Accepted: c.Accepted,
		RefusedPerAddress: c.RefusedPerAddress, Evicted: c.Evicted, Waited: c.Waited,
		Handshakes: c.Handshakes, Resumed: c.Resumed, HandshakesFailed: c.HandshakesFailed, PlainOnTLS: c.PlainOnTLS,
		HTTP3: c.OpenQUIC, HTTP3Refused: c.RefusedQUIC, HTTP3Requests: c.RequestsQUIC,
		Received: c.Received, Sent: c.Sent,
	}, c.Refusals
}

func (t *target) state() string {
	s := t.s
	switch {
	case s.draining.Load():
		return control.StateDraining
	case !s.started.Load():
		return control.StateStarting
	case s.pool.Health().Failing():
		return control.StateFailing
	}
	return control.StateReady
}

// Workers are the processes, those that are on their way out as well.
func (t *target) Workers() []control.Worker {
	var workers []control.Worker
	for _, m := range t.s.pool.Members() {
		w := control.Worker{
			Number: m.Number, Generation: m.Generation, State: control.WorkerReady, Began: m.Began,
			Served: m.Served, Busy: m.Busy, Condemned: m.Condemned,
		}
		if m.Leaving {
			w.State = control.WorkerLeaving
		}
		if p, ok := m.Process.(interface{ PID() int }); ok {
			w.PID = p.PID()
		}
		w.Memory, _ = m.Process.Memory()
		workers = append(workers, w)
	}
	return workers
}

func (t *target) Reload(ctx context.Context) error {
	err := t.s.Reload(ctx)
	switch {
	case errors.Is(err, ErrReloading):
		return fmt.Errorf("%w: %w", control.ErrBusy, err)
	case err != nil:
		return errors.New(report(err))
	}
	return nil
}

// report is an error for one who has no log at hand: with the last words of a
// process that has died.
func report(err error) string {
	text := public(err).Error()
	if crash, ok := errors.AsType[*worker.CrashError](err); ok && crash.Output != "" {
		text += "\nthe end of what it wrote to stderr:\n  " + strings.ReplaceAll(crash.Output, "\n", "\n  ")
	}
	return text
}

func (t *target) Scale(n int) error { return t.s.Scale(n) }

func (t *target) Recycle(ctx context.Context, worker int) error {
	return orderError(t.s.pool.Replace(ctx, worker, "an operator asked for it"))
}

func (t *target) Drain(ctx context.Context, worker int) error {
	return orderError(t.s.pool.Drain(ctx, worker, "an operator asked for it"))
}

func orderError(err error) error {
	if errors.Is(err, pool.ErrNoProcess) {
		return fmt.Errorf("%w: %w", control.ErrNoWorker, err)
	}
	return err
}

// Stop begins an orderly end, as SIGTERM does.
func (t *target) Stop() {
	t.s.logger.Info("stopping: highball ctl wants it; requests in progress may finish")
	t.r.end()
}
