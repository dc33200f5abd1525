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
		Workers: t.Workers(), Queue: control.Queue{Size: s.queueSize()},
	}
	status.Apps = t.apps()
	var applications []string
	for _, app := range s.each() {
		if application := app.application.Load(); application != nil {
			applications = append(applications, *application)
		}
		status.Queue.Waiting += app.pool.Load().Queued
		status.Generation = max(status.Generation, app.pool.Generation())
	}
	status.Application = strings.Join(applications, ", ")
	for _, g := range s.gateways() {
		status.Requests.InFlight += len(g.InFlight())
		status.Requests.Served += g.Served()
	}
	status.Bodies, status.Responses, status.Spool = t.bodies(), t.responses(), t.spool()
	status.Connections, status.Refusals = t.connections()
	status.Certificates = s.certificateStates()
	status.LastError, status.Retry = troubles(s.health())
	return status
}

// troubles are why workers do not start, and when the next is tried.
func troubles(health pool.Health) (last string, retry *time.Time) {
	if health.Last != nil {
		last = report(health.Last)
	}
	if !health.Retry.IsZero() {
		retry = &health.Retry
	}
	return last, retry
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
	case s.health().Failing():
		return control.StateFailing
	}
	return control.StateReady
}

// Workers are the processes, those that are on their way out as well.
func (t *target) Workers() []control.Worker {
	var workers []control.Worker
	for _, app := range t.s.each() {
		workers = append(workers, app.workers()...)
	}
	return workers
}

func (s *Server) workers() (workers []control.Worker) {
	for _, m := range s.pool.Members() {
		w := control.Worker{
			Number: m.Number, App: s.name, Generation: m.Generation, State: control.WorkerReady, Began: m.Began,
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

func (t *target) Reload(ctx context.Context, app string) error {
	err := t.s.ReloadApp(ctx, app)
	switch {
	case errors.Is(err, ErrNoApp):
		return noApp(err)
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

func (t *target) Scale(app string, n int) error {
	err := t.s.ScaleApp(app, n)
	if errors.Is(err, ErrNoApp) {
		return noApp(err)
	}
	return err
}

// noApp says the same in the words of package control.
func noApp(err error) error {
	return fmt.Errorf("%w%s", control.ErrNoApp, strings.TrimPrefix(err.Error(), ErrNoApp.Error()))
}

func (t *target) Recycle(ctx context.Context, number int) error {
	return t.tellWorker(func(p *pool.Pool[*worker.Slot]) error { return p.Replace(ctx, number, operator) })
}

func (t *target) Drain(ctx context.Context, number int) error {
	return t.tellWorker(func(p *pool.Pool[*worker.Slot]) error { return p.Drain(ctx, number, operator) })
}

const operator = "an operator asked for it"

// tellWorker finds the pool that knows a worker. No two have one of the same number.
func (t *target) tellWorker(tell func(*pool.Pool[*worker.Slot]) error) (err error) {
	for _, app := range t.s.each() {
		if err = tell(app.pool); !errors.Is(err, pool.ErrNoProcess) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", control.ErrNoWorker, err)
}

// Stop begins an orderly end, as SIGTERM does.
func (t *target) Stop() {
	t.s.logger.Info("stopping: highball ctl wants it; requests in progress may finish")
	t.r.end()
}
