package worker

import (
	"errors"
	"syscall"
	"testing"
	"time"
)

func TestBegunWord(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import os, time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/hang":
        open("begun", "w").write("1")
        time.sleep(600)
    start_response("200 OK", [])
    return [b"ok"]
`, func(o *Options) { o.Threads = 2 })
	w := b.start()
	running, waiting := w.Slots()[0], w.Slots()[1]
	ask(t, running, "/")
	ask(t, waiting, "/")
	hung := begin(t, running, "/hang")
	b.readPID("begun")
	freeze(t, w.PID())
	unread := begin(t, waiting, "/")
	if err := syscall.Kill(w.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Call{hung, unread} {
		if _, err := c.Next(patience); !errors.Is(err, ErrDied) {
			t.Errorf("Next: %v, want ErrDied", err)
		}
	}
	if !hung.Begun() || unread.Begun() {
		t.Errorf("begun: %t and %t, want true and false", hung.Begun(), unread.Begun())
	}
	b.logs.await(t, "ERROR worker died: signal 9 (killed), out of memory perhaps")
}

// What a worker had sent before its end is read.
func TestAnswerBeforeDeathIsRead(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import os
def app(environ, start_response):
    write = start_response("200 OK", [])
    write(b"x" * 40000)
    os._exit(9)
`)
	w := b.start()
	c := begin(t, w.Slots()[0], "/")
	<-w.Exited()
	body, err := read(c)
	if !errors.Is(err, ErrDied) {
		t.Errorf("got %v, want ErrDied", err)
	}
	if len(body) != 40000 {
		t.Errorf("%d bytes of 40000", len(body))
	}
	b.logs.await(t, "ERROR worker died: exit code 9")
}

// A child of the application that C code forked has the sockets: neither a
// reader nor a writer may wait for it.
func TestDeathIsNoticedThoughAChildHoldsTheSockets(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import ctypes, os, time
def app(environ, start_response):
    libc = ctypes.CDLL(None)
    pid = libc.fork()
    if pid == 0:
        libc.sleep(600)
    open("child", "w").write(str(pid))
    time.sleep(600)
`)
	w := b.start()
	c := begin(t, w.Slots()[0], "/")
	child := b.readPID("child")
	defer syscall.Kill(child, syscall.SIGKILL)
	wrote := make(chan error, 1)
	go func() { // more than the buffers hold
		wrote <- c.SendBody(make([]byte, 16<<20), 0)
	}()
	began := time.Now()
	if err := syscall.Kill(w.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(patience); !errors.Is(err, ErrDied) {
		t.Errorf("reader: %v, want ErrDied", err)
	}
	select {
	case err := <-wrote:
		if !errors.Is(err, ErrDied) {
			t.Errorf("writer: %v, want ErrDied", err)
		}
	case <-time.After(patience):
		t.Fatal("the writer waits for ever")
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("noticed after %s", took)
	}
	if !alive(child) {
		t.Error("the child is gone: nothing held the sockets")
	}
}

func TestLeaveWord(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import time
def app(environ, start_response):
    start_response("200 OK", [])
    try:
        while True:
            yield b"x"
            time.sleep(0.001)
    finally:
        open("closed", "w").write("1")
`)
	c := begin(t, b.start().Slots()[0], "/")
	if _, err := c.Next(patience); err != nil {
		t.Fatal(err)
	}
	c.Leave()
	b.readPID("closed")
}
