package several

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// One whose threads are all stuck, with its queue full, does not touch the other.
func TestStuck(t *testing.T) {
	t.Parallel()
	s := startTwo(t, "--queue-size", "1", "--request-timeout", "0", "--queue-timeout", "0")
	gate := harness.NewGate(t)
	held := []*harness.Conn{s.Dial(t), s.Dial(t)}
	var visitors []*harness.Visitor
	for _, c := range held {
		c.Send(request("x/a/slow?" + gate.Query()))
		visitors = append(visitors, gate.Arrival())
	}
	queued := s.Dial(t).Send(request("x/a/queued"))
	harness.Eventually(t, "a request waits", func() bool { return s.app(t, "a").Queue.Waiting == 1 })
	s.get(t, "x/a/more").WantStatus(t, 503)
	for range 20 {
		s.get(t, "b.example/").Want(t, 200, "b1")
	}
	var requests []struct{ App, Path, State, Stack string }
	out, _, _ := s.ctl(t, "--json", "requests")
	if err := json.Unmarshal([]byte(out), &requests); err != nil || len(requests) != 3 {
		t.Fatalf("%v %s", err, out)
	}
	for _, r := range requests {
		if r.App != "a" || (r.State == "running") != strings.Contains(r.Stack, "gate(environ)") {
			t.Errorf("%+v", r)
		}
	}
	if st := s.status(t); st.State != "ready" || s.app(t, "a").Requests.InFlight != 3 || s.app(t, "b").Requests.Served != 20 {
		t.Errorf("%+v", st)
	}
	for i, v := range visitors {
		v.Go()
		held[i].Response("GET").Want(t, 200, "a1")
	}
	queued.Response("GET").Want(t, 200, "a1")
}

// One that crashes, and then does not start any more, does not touch the other.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	s := startTwo(t)
	before := s.workers(t, "b")
	s.write(t, "a.wsgi", "import os; os._exit(4)\n")
	s.get(t, "x/a/die").WantStatus(t, 502)
	harness.Eventually(t, "a fails", func() bool { return s.app(t, "a").State == "failing" })
	s.get(t, "x/a/").WantStatus(t, 503)
	for range 20 {
		s.get(t, "b.example/").Want(t, 200, "b1")
	}
	if now := s.workers(t, "b"); !slices.Equal(now, before) {
		t.Errorf("b had the workers %v, and has %v", before, now)
	}
	if b := s.app(t, "b"); b.State != "ready" || b.LastError != "" {
		t.Errorf("%+v", b)
	}
	if st := s.status(t); st.State != "failing" || s.app(t, "a").LastError == "" {
		t.Errorf("%+v", st)
	}
	if out, errs, code := s.ctl(t, "ready"); code != 0 {
		t.Errorf("b serves, and the server is not ready: %s%s", out, errs)
	}
	s.write(t, "a.wsgi", answering("a2"))
	if out, errs, code := s.ctl(t, "reload", "a"); code != 0 {
		t.Errorf("%s%s", out, errs)
	}
	s.get(t, "x/a/").Want(t, 200, "a2")
}

func TestReloads(t *testing.T) {
	t.Parallel()
	s := startTwo(t)
	write := func(n int) {
		s.write(t, "a.wsgi", answering(fmt.Sprintf("a%d", n)))
		s.write(t, "b.wsgi", answering(fmt.Sprintf("b%d", n)))
	}
	is := func(a, b string) {
		t.Helper()
		s.get(t, "x/a").Want(t, 200, a)
		s.get(t, "b.example/").Want(t, 200, b)
	}
	write(2)
	if out, errs, code := s.ctl(t, "reload", "b"); code != 0 || out != "the new code serves\n" {
		t.Fatalf("%s%s", out, errs)
	}
	is("a1", "b2")
	if got := s.status(t).Application; got != "application of a.wsgi, application of b.wsgi" {
		t.Errorf("the applications are %q", got)
	}
	if _, errs, code := s.ctl(t, "reload", "c"); code != 1 || errs != "highball: error: no such application: \"c\" is none of a, b\n" {
		t.Errorf("%d %s", code, errs)
	}
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "both are reloaded", func() bool { return s.app(t, "a").Generation == 2 && s.app(t, "b").Generation == 3 })
	harness.Eventually(t, "the new code serves", func() bool { return s.get(t, "b.example/").Body == "b2" && s.get(t, "x/a").Body == "a2" })
	write(3)
	s.write(t, "a.wsgi", "import no_such_module\n")
	if _, errs, code := s.ctl(t, "reload"); code != 1 || !strings.HasPrefix(errs, "highball: error: app a: ") || !strings.Contains(errs, "no_such_module") {
		t.Errorf("%d %s", code, errs)
	}
	is("a2", "b3")
}

func TestScaleAndRecycle(t *testing.T) {
	t.Parallel()
	s := startTwo(t)
	if out, errs, code := s.ctl(t, "scale", "3", "b"); code != 0 {
		t.Fatalf("%s%s", out, errs)
	}
	sizes := func(a, b int) func() bool {
		return func() bool { return len(s.workers(t, "a")) == a && len(s.workers(t, "b")) == b }
	}
	harness.Eventually(t, "b has 3", sizes(1, 3))
	if err := s.Signal(syscall.SIGTTIN); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "one has one more", func() bool { return len(s.status(t).Workers) == 5 })
	_, _, _ = s.ctl(t, "scale", "8")
	harness.Eventually(t, "8 in shares of 1 and 3", sizes(2, 6))
	number := s.workers(t, "b")[0]
	if out, errs, code := s.ctl(t, "recycle", fmt.Sprint(number)); code != 0 {
		t.Errorf("%s%s", out, errs)
	}
	if slices.Contains(s.workers(t, "b"), number) || !sizes(2, 6)() {
		t.Errorf("%+v", s.status(t).Workers)
	}
	out, _, _ := s.ctl(t, "workers")
	if strings.Count(out, "\na ") != 2 || strings.Count(out, "\nb ") < 6 { // one may be leaving yet
		t.Error(out)
	}
	if _, errs, code := s.ctl(t, "recycle", "999"); code != 1 {
		t.Error(errs)
	}
}

// Requests of all applications finish before the server ends.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := startTwo(t)
	gate := harness.NewGate(t)
	a := s.Dial(t).Send(request("x/a?" + gate.Query()))
	first := gate.Arrival()
	b := s.Dial(t).Send(request("b.example/?" + gate.Query()))
	second := gate.Arrival()
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.WaitText(t, "stopping: requests in progress may finish")
	first.Go()
	a.Response("GET").Want(t, 200, "a1")
	second.Go()
	b.Response("GET").Want(t, 200, "b1")
	if err := s.Exit(); err != nil {
		t.Error(err)
	}
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(scratch(t), "bin", "highball")
	harness.CopyBinary(t, binary)
	s := start(t, map[string]string{"highball.toml": twoApps, "a.wsgi": answering("a1"), "b.wsgi": answering("b1")},
		harness.Options{Binary: binary, Upgraded: true})
	s.write(t, "a.wsgi", answering("a2"))
	s.write(t, "b.wsgi", "broken(\n")
	old := s.Server
	if err := old.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	old.WaitText(t, "upgrade failed, this process serves on")
	s.get(t, "x/a").Want(t, 200, "a1")
	s.write(t, "b.wsgi", answering("b2"))
	s.Server = old.Upgrade(t)
	if err := old.Exit(); err != nil {
		t.Error(err)
	}
	s.get(t, "x/a").Want(t, 200, "a2")
	s.get(t, "b.example/").Want(t, 200, "b2")
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// One budget for all: the largest worker of all goes, though its application has but one.
func TestMemoryBudget(t *testing.T) {
	t.Parallel()
	s := start(t, map[string]string{
		"highball.toml": "memory_budget = \"150M\"\n" + twoApps, "a.wsgi": answering("a1"), "b.wsgi": fmt.Sprintf(answers, "b1", 200),
	}, harness.Options{})
	small, large := s.workers(t, "a"), s.workers(t, "b")
	s.WaitText(t, "all workers take")
	harness.Eventually(t, "b has another worker", func() bool {
		now := s.workers(t, "b")
		return len(now) > 0 && !slices.Equal(now, large)
	})
	if now := s.workers(t, "a"); !slices.Equal(now, small) {
		t.Errorf("a had %v, and has %v", small, now)
	}
}

func TestTouchReloadsOne(t *testing.T) {
	t.Parallel()
	text := strings.Replace(twoApps, "app = \"a.wsgi\"", "app = \"a.wsgi\"\ntouch_reload = [\"DIR/deployed\"]", 1)
	s := start(t, map[string]string{"highball.toml": text, "a.wsgi": answering("a1"), "b.wsgi": answering("b1")}, harness.Options{})
	s.write(t, "a.wsgi", answering("a2"))
	s.write(t, "b.wsgi", answering("b2"))
	s.write(t, "deployed", "")
	harness.Eventually(t, "a is reloaded", func() bool { return s.get(t, "x/a").Body == "a2" })
	s.write(t, "deployed", "again") // by the second reload the first is over
	harness.Eventually(t, "a is reloaded again", func() bool { return s.app(t, "a").Generation == 3 })
	s.get(t, "b.example/").Want(t, 200, "b1")
	if b := s.app(t, "b"); b.Generation != 1 {
		t.Errorf("b was reloaded: %+v", b)
	}
}

// A request that comes after the script has changed is answered by the new code, and none
// is lost meanwhile.
func TestScriptChangesUnderLoad(t *testing.T) {
	t.Parallel()
	s := startTwo(t, "--reload-on-script-change", "--queue-size", "4096")
	var asked, lost atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	client := &http.Client{Timeout: harness.Patience}
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := client.Get(s.URL("/a/x"))
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
				if asked.Add(1); err != nil || res.StatusCode != 200 {
					lost.Add(1)
				}
			}
		})
	}
	for i := range 5 {
		text := fmt.Sprintf("a%d", i+2)
		s.write(t, "a.wsgi", answering(text))
		for range 5 {
			s.get(t, "x/a").Want(t, 200, text)
		}
	}
	close(stop)
	clients.Wait()
	client.CloseIdleConnections()
	if lost.Load() > 0 || asked.Load() < 20 {
		t.Errorf("%d of %d requests were lost", lost.Load(), asked.Load())
	}
	s.get(t, "b.example/").Want(t, 200, "b1")
	if b := s.app(t, "b"); b.Generation != 1 {
		t.Errorf("b was reloaded: %+v", b)
	}
}
