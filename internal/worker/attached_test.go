package worker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"highball/internal/wire"
)

// program is the test in the part of a program that serves its own application in its
// threads.
type program struct {
	command *channel
	control *channel      // of the goroutine that plays
	ready   chan *channel // takes it once
	files   []*os.File    // of its slots and of what it has no use for
}

// attachProgram returns a program, which answers as wanted until its worker is ready, and
// the factory that it is attached to.
func attachProgram(t *testing.T, failure map[string]any) (*program, *Factory, *records) {
	t.Helper()
	front, theirs, err := socketpair()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{command: &channel{conn: front}, ready: make(chan *channel, 1)}
	attached, err := Attach(theirs, os.Getpid(), true)
	if err := errors.Join(err, theirs.Close()); err != nil {
		t.Fatal(err)
	}
	log := newRecords()
	f := NewFactory(Options{Attached: attached, Threads: 2, StartTimeout: patience, Logger: slog.New(log)})
	played := make(chan struct{})
	go func() { p.play(failure); close(played) }()
	t.Cleanup(func() {
		p.command.close()
		<-played
		f.Close()
		p.command.drop(p.files)
		if p.control != nil {
			p.control.close()
		}
	})
	return p, f, log
}

func (p *program) play(failure map[string]any) {
	for {
		m, err := p.command.receive()
		switch {
		case err != nil:
			return
		case m.kind == wire.TypeLoad && failure != nil:
			_ = p.command.send(wire.TypeFailed, failure)
		case m.kind == wire.TypeLoad:
			_ = p.command.send(wire.TypeLoaded, map[string]any{"warnings": []string{}, "sockets": []string{}})
		case m.kind == wire.TypeFork:
			p.equip(m)
		}
	}
}

// equip is the worker's start.
func (p *program) equip(fork message) {
	if p.control != nil {
		_ = p.command.send(wire.TypeForked, map[string]any{"id": fork.dict()["id"], "pid": 0, "error": "once"})
		p.command.drop(fork.files)
		return
	}
	conn, err := net.FileConn(fork.files[0])
	if err != nil {
		return
	}
	p.control = &channel{conn: conn.(*net.UnixConn)}
	closeFiles(fork.files...) // the connection is a copy, and the rest is for a process
	_ = p.command.send(wire.TypeForked, map[string]any{"id": fork.dict()["id"], "pid": os.Getpid()})
	for range 3 { // Setup, and a Slot for each thread
		m, err := p.control.receive()
		if err != nil {
			return
		}
		p.files = append(p.files, m.files...)
	}
	p.ready <- p.control
	_ = p.control.send(wire.TypeReady, map[string]any{"python": "CPython", "dump": 0})
}

func startAttachedWorker(t *testing.T, f *Factory) *Worker {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w, _, err := f.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if w.PID() != os.Getpid() || len(w.Slots()) != 2 {
		t.Errorf("process %d, %d slots", w.PID(), len(w.Slots()))
	}
	return w
}

func wantExit(t *testing.T, w *Worker) {
	t.Helper()
	select {
	case <-w.Exited():
	case <-time.After(patience):
		t.Fatal("the worker has not ended")
	}
	w.CloseSlots()
}

// The process is this one: if it were killed, this test would not end.
func TestAttachedThreadsAreNotKilled(t *testing.T) {
	_, f, log := attachProgram(t, nil)
	w := startAttachedWorker(t, f)
	w.Kill("it is a test")
	wantExit(t, w)
	if !strings.Contains(strings.Join(log.all(), "\n"), "worker killed: it is a test") {
		t.Errorf("the log has %q", log.all())
	}
}

func TestAttachedThreadsEnd(t *testing.T) {
	p, f, _ := attachProgram(t, nil)
	w := startAttachedWorker(t, f)
	w.Stop()
	(<-p.ready).close()
	wantExit(t, w)
	if err := w.Death(); err == nil || !strings.Contains(err.Error(), "has closed it") {
		t.Errorf("it ended by %v", err)
	}
}

func TestAttachedHasOneWorkerAndNoOtherZygote(t *testing.T) {
	p, f, _ := attachProgram(t, nil)
	w := startAttachedWorker(t, f)
	if _, _, err := f.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "once") {
		t.Errorf("a second worker: %v", err)
	}
	p.command.close()
	select {
	case <-f.opts.Attached.Gone():
	case <-time.After(patience):
		t.Fatal("nobody has noticed that the program is gone")
	}
	if _, _, err := f.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody can start it again") {
		t.Errorf("after its end: %v", err)
	}
	w.Kill("the test is over")
	wantExit(t, w)
}

// The program has said why and waits for what comes of it: it is not gone meanwhile.
func TestAttachedApplicationThatFails(t *testing.T) {
	_, f, _ := attachProgram(t, map[string]any{"message": "no such middleware", "tried": []string{}, "hint": "", "traceback": ""})
	_, _, err := f.Start(t.Context())
	if load, ok := errors.AsType[*LoadError](err); !ok || load.Message != "no such middleware" {
		t.Errorf("got %v", err)
	}
	if isClosed(f.opts.Attached.Gone()) {
		t.Error("the program counts as gone")
	}
}
