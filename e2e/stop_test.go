package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

func tree(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Options{App: "all:application", Python: harness.Newest(t).Path, Args: append([]string{"--workers", "2"}, args...)})
}

// The harness itself looks for what is left behind; here it has something to find.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc, where processes could be found")
	}
	socket := filepath.Join(t.TempDir(), "highball.sock")
	for _, mode := range []string{"--preload", "--no-preload"} {
		s := tree(t, mode, "--bind", "unix:"+socket)
		harness.Dial(t, "unix", socket).Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
		if n := len(s.Processes()); n < 4 {
			t.Errorf("%s: found %d processes, want the front, a zygote and two workers", mode, n)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if _, err := net.Dial("unix", socket); err == nil {
			t.Errorf("%s: the socket still answers", mode)
		}
		if _, err := os.Lstat(socket); err == nil {
			t.Errorf("%s: the socket's file is still there", mode)
		}
	}
}

// A request in progress is answered after SIGTERM, and new ones are not accepted.
func TestStopLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	s, gate := tree(t), harness.NewGate(t)
	c := s.Dial(t).Send(harness.Request("GET", "/blocks?"+gate.Query()))
	visitor := gate.Arrival()
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.WaitText(t, "stopping")
	visitor.Go()
	gate.Arrival().Go()
	c.Response("GET").Want(t, 200, "onetwo")
	<-s.Ended()
}

// stuck has three requests wait for their clients: two for their bodies, of which one
// streams, and one for its response to be taken.
func stuck(t *testing.T, s *harness.Server) {
	t.Helper()
	s.Dial(t).Send(harness.Request("POST", "/echo", "Content-Length: 1000000"), strings.Repeat("x", 100_000))
	c := s.Dial(t).Send(harness.Request("POST", "/streamed/echo", "Content-Length: 1000000"), strings.Repeat("x", 100_000))
	c.Head()
	s.Dial(t).Send(harness.Request("GET", "/endless?tag=stop")).Head()
}

// Clients cannot hold the server up for longer than the drain time.
func TestStopWhileClientsKeepRequestsWaiting(t *testing.T) {
	t.Parallel()
	s := tree(t, "--drain-timeout", "1s", "--stream-request", "/streamed")
	stuck(t, s)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// oneSignal is longer than the time in which two signals count as one.
const oneSignal = 400 * time.Millisecond

func TestSecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	s, err := harness.Launch(harness.Options{App: "all:application", Python: harness.Newest(t).Path, Args: []string{"--drain-timeout", "300s", "--stream-request", "/streamed"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() }) // only to tidy up: its exit code is not 0
	stuck(t, s)
	_ = s.Signal(syscall.SIGTERM)
	s.WaitText(t, "stopping")
	<-time.After(oneSignal)
	_ = s.Signal(syscall.SIGTERM)
	if err := s.Exit(); err == nil || !strings.Contains(err.Error(), "requests in progress were lost") {
		t.Errorf("the end: %v", err)
	}
	if left := s.Processes(); len(left) > 0 {
		t.Errorf("processes %v were left behind", left)
	}
}
