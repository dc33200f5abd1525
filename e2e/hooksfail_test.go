package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// Where a hook fails that has to set something up, nothing serves, and the traceback says why.
func TestHooksWithoutWhichThereIsNoStart(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"on_starting", "pre_fork", "post_fork", "post_worker_init"} {
		for _, how := range []string{"FAILS", "EXITS", "HANGS"} {
			for _, mode := range []string{"--preload", "--no-preload"} {
				t.Run(hook+" "+how+" "+mode, func(t *testing.T) {
					t.Parallel()
					o := hookedOptions(t, harness.Newest(t), telling, mode, "--start-timeout", "5s")
					o.Env = []string{how + "=" + hook}
					s, err := harness.Launch(o)
					if err == nil {
						_ = s.Stop()
						t.Fatal("it serves")
					}
					code, parts := "exit status 3", []string{"the hook " + hook + " of mysite.hooks failed", "in tell", "no connection"}
					if how == "HANGS" {
						code, parts = "exit status 1", []string{"within 5s"}
					}
					for _, part := range append(parts, code) {
						if !strings.Contains(err.Error(), part) {
							t.Errorf("no %q in: %v", part, err)
						}
					}
					if strings.Contains(err.Error(), "was left behind") {
						t.Error(err)
					}
				})
			}
		}
	}
}

// The others only say in the log that they have failed.
func TestHooksWithoutWhichLifeGoesOn(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"worker_exit", "child_exit", "on_exit"} {
		for _, how := range []string{"FAILS", "EXITS"} {
			o := hookedOptions(t, harness.Newest(t), telling)
			o.Env = []string{how + "=" + hook}
			h := startHooked(t, o)
			h.awaitReady(t, 2)
			h.stop(t)
			want := 2
			if hook == "on_exit" {
				want = 1
			}
			failed := h.Find(func(e harness.Entry) bool { return e.Has("the hook " + hook + " of mysite.hooks failed") })
			if len(failed) != want || failed[0].Text("level") != "ERROR" || !strings.Contains(failed[0].Text("traceback"), "no connection") {
				t.Errorf("%s %s: the log has %v", hook, how, failed)
			}
			if len(h.calls("on_exit")) != 1 || len(h.calls("atexit")) != 2 {
				t.Errorf("%s %s: the processes did not come to their end", hook, how)
			}
		}
	}
}

// A worker_exit that hangs is ended, and nobody waits for it.
func TestWorkerExitThatHangs(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"blue-green", "rolling"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o := hookedOptions(t, harness.Newest(t), telling, "--drain-timeout", "2s", "--reload-mode", mode)
			o.Env = []string{"HANGS=worker_exit"}
			h := startHooked(t, o)
			h.awaitReady(t, 2)
			if err := h.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			for _, old := range h.awaitCalls(t, "worker_exit", 1) {
				h.Get(t, "/").WantStatus(t, 200)
				h.Wait(t, func(e harness.Entry) bool {
					return e.Has("worker killed: it did not end") && e.Text("pid") == fmt.Sprint(old.PID)
				})
			}
			h.Wait(t, func(harness.Entry) bool { return h.Count(reloaded) == 1 })
			h.stop(t) // within the drain time, or the harness complains
		})
	}
}

// A hook that hangs in the zygote costs that zygote, not the service.
func TestZygoteHooksThatHang(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"child_exit", "on_exit"} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			o := hookedOptions(t, harness.Newest(t), telling, "--start-timeout", "8s")
			o.Env = []string{"HANGS=" + hook}
			h := startHooked(t, o)
			h.awaitReady(t, 2)
			if hook == "child_exit" {
				// The first may be replaced before the zygote learns of its end, the second not.
				for n, worker := range h.calls("post_fork")[:2] {
					if err := syscall.Kill(worker.PID, syscall.SIGKILL); err != nil {
						t.Fatal(err)
					}
					if n == 0 {
						h.awaitCalls(t, hook, 1)
					}
				}
				h.awaitReady(t, 4)
				if zygotes := h.calls("on_starting"); len(zygotes) != 2 {
					t.Errorf("zygotes %v, want another", zygotes)
				}
				h.Get(t, "/").WantStatus(t, 200)
			}
			h.stop(t)
			if hook == "on_exit" && len(h.calls("on_exit")) != 1 {
				t.Error("on_exit was not called")
			}
		})
	}
}
