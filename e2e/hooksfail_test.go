package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// Where a hook fails that has to set something up, nothing serves, and the traceback says why.
func TestHooksWithoutWhichThereIsNoStart(t *testing.T) {
	t.Parallel()
	for _, hook := range hooksWhose(t, "the start", "there is no fork", "at a start") {
		for _, how := range []string{"FAILS", "EXITS", "HANGS"} {
			for _, mode := range []string{"--preload", "--no-preload"} {
				t.Run(hook+" "+how+" "+mode, func(t *testing.T) {
					t.Parallel()
					o := hookedOptions(t, harness.Newest(t), telling, mode)
					if how == "HANGS" {
						o.Args = append(o.Args, "--start-timeout", "5s")
					}
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
	for _, hook := range hooksWhose(t, "logged") {
		for _, how := range []string{"FAILS", "EXITS"} {
			o := hookedOptions(t, harness.Newest(t), telling)
			o.Env = []string{how + "=" + hook}
			h := startHooked(t, o)
			h.awaitReady(t, 2)
			want := 2
			switch hook {
			case "on_exit":
				want = 1
			case "post_request":
				h.Get(t, "/").WantStatus(t, 200)
				h.Get(t, "/").WantStatus(t, 200)
			case "worker_int", "worker_abort":
				continue // the end of such a server is another: see the tests of these
			}
			h.stop(t)
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

// A reload ends with on_reload, if that raises.
func TestHookThatRefusesAReload(t *testing.T) {
	t.Parallel()
	for _, hook := range hooksWhose(t, "the reload fails", "at a start", "the start, or the reload") {
		o := hookedOptions(t, harness.Newest(t), telling)
		h := startHooked(t, o)
		h.awaitReady(t, 2)
		writeFile(t, filepath.Join(h.dir, "mysite", "hooks.py"), strings.Replace(telling, `os.environ.get("FAILS")`, `"`+hook+`"`, 1))
		h.reload(t, 1, "reload failed, the old code serves on")
		failed := h.WaitText(t, "the hook "+hook+" of mysite.hooks failed at ", "OSError: no connection")
		if !strings.Contains(failed.Message(), "hooks.py:11: OSError: no connection") {
			t.Errorf("the log has %s", failed.Message())
		}
		h.Get(t, "/").WantStatus(t, 200)
	}
}

// After a reload when_ready comes once the zygote before has ended: what it has is free then.
func TestWhenReadyAfterAReload(t *testing.T) {
	t.Parallel()
	h := startHooked(t, hookedOptions(t, harness.Newest(t), telling))
	h.awaitReady(t, 2)
	h.reload(t, 1, reloaded)
	ready := h.awaitCalls(t, "when_ready", 2)
	ended := h.awaitCalls(t, "on_exit", 1)
	begun := h.awaitCalls(t, "on_reload", 1)
	if ready[0].PID != ended[0].PID || ready[1].PID != begun[0].PID || ended[0].position > ready[1].position {
		t.Errorf("ready %v, reloaded %v, ended %v", ready, begun, ended)
	}
}

func TestPreRequestThatRaises(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"FAILS", "EXITS"} {
		o := hookedOptions(t, harness.Newest(t), telling)
		o.Env = []string{how + "=" + hooksWhose(t, "500")[0]}
		h := startHooked(t, o)
		h.Get(t, "/").WantStatus(t, 500)
		failed := h.WaitText(t, "the application failed", "no connection")
		if trace := failed.Text("traceback"); strings.Contains(trace, "<highball>") || !strings.Contains(trace, "in pre_request") {
			t.Errorf("the log has %s", trace)
		}
	}
}

// What request-timeout bounds are the hooks of the request, too.
func TestRequestHooksThatHang(t *testing.T) {
	t.Parallel()
	for hook, status := range map[string]int{"pre_request": 504, "post_request": 200} {
		o := hookedOptions(t, harness.Newest(t), telling, "--request-timeout", "500ms", "--workers", "1", "--threads", "1")
		o.Env = []string{"HANGS=" + hook}
		h := startHooked(t, o)
		h.Get(t, "/").WantStatus(t, status)
		killed := h.WaitText(t, "worker killed", "timed out and does not end")
		if killed.Text("level") != "WARN" {
			t.Errorf("the log has %s", killed.Raw)
		}
	}
}

func TestSSLContextIsRefused(t *testing.T) {
	t.Parallel()
	s, err := harness.Launch(hookedOptions(t, harness.Newest(t), "def ssl_context(config, factory): return factory()\n"))
	if err == nil {
		_ = s.Stop()
		t.Fatal("it serves")
	}
	for _, part := range []string{"mysite.hooks has the hook ssl_context", "TLS ends in the front", "certfile, keyfile, tls-profile", "exit status 3"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in: %v", part, err)
		}
	}
}
