package worker

import (
	"context"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Not parallel: it makes this process a subreaper for its time.
func TestOrphansAreAdoptedAndReaped(t *testing.T) {
	b := newBench(t, `
import os
def app(environ, start_response):
    if os.fork() == 0:
        pid = os.fork()
        if pid == 0:
            import time
            time.sleep(600)
        open("grandchild", "w").write(str(pid))
        os._exit(0)
    start_response("200 OK", [])
    return [b"ok"]
`)
	ctx, cancel := context.WithCancel(t.Context())
	if err := b.opts.Children.AdoptOrphans(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	}()

	w := b.start()
	ask(t, w.Slots()[0], "/")
	grandchild := b.readPID("grandchild")
	if err := syscall.Kill(grandchild, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the daemon of the application is reaped", func() bool { return !exists(grandchild) })

	zygote := b.zygote.cmd.Process.Pid
	if err := syscall.Kill(zygote, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-b.zygote.exited
	if exists(zygote) {
		t.Error("the zygote is a zombie")
	}
	if err := syscall.Kill(w.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-w.Exited()
	eventually(t, "the worker without a zygote is reaped", func() bool { return !exists(w.PID()) })
}
