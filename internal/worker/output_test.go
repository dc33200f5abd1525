package worker

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// debugNoGC switches the collector off, and returns what switches it on again.
func debugNoGC() func() {
	percent := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(percent) }
}

func TestOutputReachesTheLog(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, `
import os, sys
print("while importing")
def app(environ, start_response):
    print("out", end="")
    print("put, h\xe4lt")
    print("err", file=sys.stderr)
    os.system("echo from a child")
    environ["wsgi.errors"].write("one\ntwo\nand a rest")
    sys.stdout.write("no end of line")
    sys.stdout.flush()
    os._exit(0)
`, preload, func(o *Options) { o.Env = append(o.Env, "PYTHONIOENCODING=utf-8") })
		w := b.start()
		if _, err := w.Slots()[0].Begin(frameFor("/x"), 0, nil); err != nil {
			t.Fatal(err)
		}
		<-w.Exited()
		pid := fmt.Sprint("pid=", w.PID())
		b.logs.await(t, "INFO while importing stream=stdout")
		b.logs.await(t, "INFO output, hält stream=stdout", pid)
		b.logs.await(t, "INFO err stream=stderr", pid)
		b.logs.await(t, "INFO from a child stream=stdout", pid)
		b.logs.await(t, "INFO no end of line stream=stdout", pid)
		b.logs.await(t, "INFO one", "request=id-/x", "stream=wsgi.errors", pid)
		b.logs.await(t, "INFO two", "request=id-/x")
	})
}

func TestOutputOfTheDead(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import os, subprocess
def app(environ, start_response):
    child = subprocess.Popen(["/bin/sh", "-c", "while [ -d /proc/$1 ]; do :; done; echo posthumous; exec sleep 600", "sh", str(os.getpid())])
    open("child", "w").write(str(child.pid))
    os._exit(0)
`)
	w := b.start()
	if _, err := w.Slots()[0].Begin(frameFor("/"), 0, nil); err != nil {
		t.Fatal(err)
	}
	b.logs.await(t, "posthumous", fmt.Sprint("pid=", w.PID()))
	if err := syscall.Kill(b.readPID("child"), syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestVeryLongLines(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	logs := newRecords()
	var wg sync.WaitGroup
	wg.Go(func() { new(outputs).copyLines(r, slog.New(logs), "stdout", 1) })
	sizes := []int{0, 1, maxLine - 1, maxLine, maxLine + 1, 3 * maxLine, 10 << 20}
	want := 0
	for _, size := range sizes {
		want += size
		if _, err := w.WriteString(strings.Repeat("x", size) + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	wg.Wait()
	got := 0
	for _, line := range logs.all() {
		text := strings.TrimSuffix(strings.TrimPrefix(line, "INFO "), " stream=stdout pid=1")
		if strings.Trim(text, "x") != "" || len(text) > maxLine {
			t.Fatalf("a line of %d bytes: %.40q", len(text), text)
		}
		got += len(text)
	}
	if got != want {
		t.Errorf("%d bytes of %d", got, want)
	}
}
