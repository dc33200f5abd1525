package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// modes runs body without and with preload.
func modes(t *testing.T, body func(t *testing.T, preload func(*Options))) {
	for _, preload := range []bool{false, true} {
		name := map[bool]string{false: "no-preload", true: "preload"}[preload]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body(t, func(o *Options) { o.Preload = preload })
		})
	}
}

func TestServes(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, okApp, preload, func(o *Options) { o.Threads = 3 })
		w, ready, err := b.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(w.Slots()) != 3 {
			t.Fatalf("%d slots, want 3", len(w.Slots()))
		}
		for i, s := range w.Slots() {
			for _, path := range []string{"/a", "/b"} {
				if body := ask(t, s, path); body != path {
					t.Errorf("slot %d: got %q, want %q", i, body, path)
				}
			}
		}
		if ready.PID != w.PID() || ready.Target != "app:app" || !strings.HasPrefix(ready.Application, "<function app at") ||
			!strings.Contains(ready.Python, "3.") {
			t.Errorf("ready: %+v", ready)
		}
		w.Stop()
		<-w.Exited()
		w.CloseSlots()
		b.logs.await(t, "DEBUG worker ended", "exit code 0")
	})
}

func TestStandardStreamsBlock(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, `
import os
def app(environ, start_response):
    start_response("200 OK", [])
    return [repr((os.get_blocking(1), os.get_blocking(2))).encode()]
`, preload)
		if body := ask(t, b.start().Slots()[0], "/"); body != "(True, True)" {
			t.Errorf("blocking: %s; a print of much would fail", body)
		}
	})
}

func TestLoadFailure(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, "import os\nos.write(1, b'before\\n')\ndef f(): 1/0\nf()\n", preload)
		err := b.startError()
		var load *LoadError
		if !errors.As(err, &load) {
			t.Fatalf("got %v, want a LoadError", err)
		}
		if !strings.Contains(load.Traceback, "ZeroDivisionError") || !strings.Contains(load.Traceback, `app.py", line 4`) ||
			strings.Contains(load.Traceback, "highball") {
			t.Errorf("traceback:\n%s", load.Traceback)
		}
		if load.ExitCode() != 3 || !strings.Contains(err.Error(), strings.TrimSpace(load.Traceback)) {
			t.Errorf("exit code %d, text:\n%s", load.ExitCode(), err)
		}
		b.logs.await(t, "before", "stream=stdout")
	})
}

func TestLoadFailureSaysWhatWasTried(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, okApp, preload, func(o *Options) { o.App = "app:ap" })
		text := b.startError().Error()
		for _, part := range []string{"ap", "tried:\n  - ", "hint: ", "app:app"} {
			if !strings.Contains(text, part) {
				t.Errorf("got:\n%s\nwant %q in it", text, part)
			}
		}
	})
}

func TestEndsWhileLoading(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, "import os\nos.write(2, b'last words\\n')\nos._exit(7)\n", preload)
		text := b.startError().Error()
		if !strings.Contains(text, "ended") || !strings.Contains(text, "7") {
			t.Errorf("got %q", text)
		}
		b.logs.await(t, "last words", "stream=stderr")
	})
}

// A process that the application left behind holds the output open.
func TestEndsWhileLoadingAndLeavesAChild(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, `
import os, subprocess
child = subprocess.Popen(["sleep", "600"])
open("child", "w").write(str(child.pid))
os._exit(7)
`, preload)
		began := time.Now()
		text := b.startError().Error()
		if took := time.Since(began); took > patience/2 {
			t.Errorf("took %s", took)
		}
		if !strings.Contains(text, "ended") {
			t.Errorf("got %q", text)
		}
		if err := syscall.Kill(b.readPID("child"), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
}

// readPID reads a number that the application has written to a file.
func (b *bench) readPID(name string) (pid int) {
	b.t.Helper()
	eventually(b.t, name+" is written", func() bool {
		data, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil || len(data) == 0 {
			return false
		}
		pid = 0
		for _, c := range strings.TrimSpace(string(data)) {
			pid = pid*10 + int(c-'0')
		}
		return true
	})
	return pid
}

func TestStartTimeout(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n", preload,
			func(o *Options) { o.StartTimeout = time.Second })
		text := b.startError().Error()
		if !strings.Contains(text, "not loaded within 1s") || !strings.Contains(text, "--start-timeout") {
			t.Errorf("got %q", text)
		}
		pid := b.readPID("pid")
		eventually(t, "the slow process is gone", func() bool { return !alive(pid) })
	})
}

// Who develops learns where a start is, long before it is given up.
func TestSlowStartIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.01)\n"+okApp,
		func(o *Options) { o.Development = &Development{TellAfter: 100 * time.Millisecond} })
	started := make(chan *Worker, 1)
	go func() { started <- b.start() }()
	b.logs.await(t, "WARN the application is still being loaded", `app.py", line`)
	if err := os.WriteFile(filepath.Join(b.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	<-started
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n", preload)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { _, _, err := b.Start(ctx); failed <- err }()
		pid := b.readPID("pid")
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		eventually(t, "the slow process is gone", func() bool { return !alive(pid) })
	})
}

func TestOldInterpreter(t *testing.T) {
	t.Parallel()
	for version, path := range oldInterpreters(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, okApp, func(o *Options) { o.Interpreter = path })
			if err := b.startError(); err.Error() != "too old: "+version {
				t.Errorf("got %q", err)
			}
		})
	}
}

// oldInterpreters finds Pythons before 3.9, by version.
func oldInterpreters(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	home, _ := os.UserHomeDir()
	for _, version := range []string{"2.7", "3.6", "3.7", "3.8"} {
		if paths, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", version+".*", "bin/python"+version)); len(paths) > 0 {
			found[version] = paths[0]
		}
	}
	if len(found) == 0 {
		t.Skip("no Python before 3.9 on this machine")
	}
	return found
}

func TestInterpreterThatIsNone(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"missing": "/nonexistent/python3", "no Python": "/bin/true", "directory": t.TempDir(),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, okApp, func(o *Options) { o.Interpreter = path })
			text := b.startError().Error()
			if !strings.Contains(text, path) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q", text, path)
			}
		})
	}
}

func TestDirectoryThatIsGone(t *testing.T) {
	t.Parallel()
	b := newBench(t, okApp)
	b.opts.Dir = filepath.Join(b.dir, "gone")
	if text := b.startError().Error(); !strings.Contains(text, b.opts.Dir) {
		t.Errorf("got %q, want the directory in it", text)
	}
}

func TestZygoteDies(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, okApp, preload)
		old := b.start()
		zygote := b.zygote.cmd.Process.Pid
		if err := syscall.Kill(zygote, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-b.zygote.gone
		if body := ask(t, old.Slots()[0], "/old"); body != "/old" {
			t.Errorf("the old worker: %q", body)
		}
		young := b.start()
		b.logs.await(t, "WARN the zygote died; another is started")
		if pid := b.zygote.cmd.Process.Pid; pid == zygote {
			t.Error("no new zygote")
		}
		for _, w := range []*Worker{old, young} {
			if body := ask(t, w.Slots()[0], "/both"); body != "/both" {
				t.Errorf("got %q", body)
			}
		}
		if err := syscall.Kill(old.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		select {
		case <-old.Exited():
		case <-time.After(patience):
			t.Fatal("the end of a worker without its zygote was not noticed")
		}
	})
}

// A zygote that does not answer is given up, not asked for ever.
func TestZygoteHangs(t *testing.T) {
	t.Parallel()
	b := newBench(t, okApp, func(o *Options) { o.StartTimeout = 2 * time.Second })
	b.start()
	freeze(t, b.zygote.cmd.Process.Pid)
	if text := b.startError().Error(); !strings.Contains(text, "zygote") {
		t.Errorf("got %q, want the zygote in it", text)
	}
	if body := ask(t, b.start().Slots()[0], "/new"); body != "/new" {
		t.Errorf("got %q", body)
	}
}

// A preloaded application may take over what the zygote learns of deaths by.
func TestExitStatusThoughTheApplicationTakesTheSignals(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import signal
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.set_wakeup_fd(-1)
`+okApp, func(o *Options) { o.Preload = true })
	w := b.start()
	if err := syscall.Kill(w.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.logs.await(t, "ERROR worker died: signal 9")
	eventually(t, "the worker is reaped", func() bool { return !exists(w.PID()) })
}

func TestForkFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, `
import os
from highball_worker import native
def fork():
    if not os.path.exists("may-fork"):
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return real()
real, native.fork = native.fork, fork
`+okApp, func(o *Options) { o.Preload = true })
	if text := b.startError().Error(); !strings.Contains(text, "Resource temporarily unavailable") {
		t.Errorf("got %q, want the reason in it", text)
	}
	zygote := b.zygote
	if err := os.WriteFile(filepath.Join(b.dir, "may-fork"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	ask(t, b.start().Slots()[0], "/")
	if b.zygote != zygote {
		t.Error("the zygote with the loaded application was lost")
	}
}

func TestSignalsEndNothing(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, preload func(*Options)) {
		b := newBench(t, okApp, preload, func(o *Options) { o.Threads = 2 })
		w := b.start()
		for _, sig := range []syscall.Signal{
			syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
		} {
			for _, pid := range []int{w.PID(), b.zygote.cmd.Process.Pid} {
				if err := syscall.Kill(pid, sig); err != nil {
					t.Fatal(err)
				}
			}
			ask(t, w.Slots()[0], "/")
			ask(t, b.start().Slots()[1], "/")
		}
	})
}

func TestStopAndKillOfTheDead(t *testing.T) {
	t.Parallel()
	b := newBench(t, okApp)
	w := b.start()
	w.Kill("for a reason")
	<-w.Exited()
	w.Kill("again")
	w.Stop()
	w.CloseSlots()
	w.CloseSlots()
	b.logs.await(t, "WARN worker killed: for a reason")
	if _, err := w.Slots()[0].Begin(frameFor("/"), 0, nil); !errors.Is(err, ErrDied) {
		t.Errorf("Begin: %v, want ErrDied", err)
	}
}

func TestClosedFactoryStartsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, okApp)
	w := b.start()
	pid := b.zygote.cmd.Process.Pid
	b.Close()
	if exists(pid) {
		t.Error("the zygote is left")
	}
	b.startError()
	if body := ask(t, w.Slots()[0], "/on"); body != "/on" {
		t.Errorf("got %q: Close must not touch the workers", body)
	}
}

// Not parallel: it counts the descriptors of the process.
func TestNothingIsLeaked(t *testing.T) {
	rounds := map[string]func(t *testing.T){
		"life": func(t *testing.T) {
			b := newBench(t, okApp, func(o *Options) { o.Threads = 4 })
			w := b.start()
			ask(t, w.Slots()[0], "/")
			w.Stop()
			<-w.Exited()
			w.CloseSlots()
			b.Close()
		},
		"killed": func(t *testing.T) {
			b := newBench(t, okApp, func(o *Options) { o.Threads = 4 })
			w := b.start()
			w.Kill("test")
			<-w.Exited()
			w.CloseSlots()
			b.Close()
		},
		"load failure": func(t *testing.T) {
			b := newBench(t, "1/0", func(o *Options) { o.Threads = 4 })
			b.startError()
			b.Close()
		},
		"load failure with preload": func(t *testing.T) {
			b := newBench(t, "1/0", func(o *Options) { o.Preload = true })
			b.startError()
			b.Close()
		},
		"no interpreter": func(t *testing.T) {
			b := newBench(t, okApp, func(o *Options) { o.Interpreter = "/nonexistent/python" })
			b.startError()
			b.Close()
		},
		"zygote dies": func(t *testing.T) {
			b := newBench(t, okApp)
			_ = syscall.Kill(b.start().pid, syscall.SIGKILL)
			b.zygote.kill()
			b.start().Kill("test")
			b.Close()
		},
	}
	// Finalizers would close what was forgotten.
	defer debugNoGC()()
	for name, round := range rounds {
		t.Run(name, func(t *testing.T) {
			t.Run("first", round)
			settle(t)
			before := descriptors(t)
			for range 2 {
				t.Run("again", round)
			}
			settle(t)
			if after := descriptors(t); after != before {
				t.Errorf("%d descriptors before, %d after", before, after)
			}
		})
	}
}

// settle waits until the goroutines of what has ended are gone.
func settle(t *testing.T) {
	t.Helper()
	eventually(t, "the goroutines have ended", func() bool { return len(ourGoroutines()) == 0 })
}
