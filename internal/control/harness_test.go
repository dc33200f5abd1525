package control

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a Target that gives what its fields say and notes its orders.
type fake struct {
	status   Status
	workers  []Worker
	requests []Request
	stacks   []Stacks
	fails    error // each order
	panics   bool  // instead of Status

	entered, left chan struct{} // if set: Reload says so, and waits for its context
	onStop        func()

	mu     sync.Mutex
	orders []string
}

func (f *fake) Status() Status {
	if f.panics {
		panic("out of cheese")
	}
	return f.status
}

func (f *fake) Workers() []Worker                  { return f.workers }
func (f *fake) Requests(context.Context) []Request { return f.requests }
func (f *fake) Stacks(context.Context) []Stacks    { return f.stacks }

func (f *fake) order(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, fmt.Sprintf(format, args...))
	return f.fails
}

func (f *fake) Reload(ctx context.Context, app string) error {
	if f.entered != nil {
		close(f.entered)
		<-ctx.Done()
		close(f.left)
	}
	return f.order("reload%s", of(" ", app))
}

func (f *fake) Scale(app string, n int) error          { return f.order("scale %d%s", n, of(" ", app)) }
func (f *fake) Recycle(_ context.Context, w int) error { return f.order("recycle %d", w) }
func (f *fake) Drain(_ context.Context, w int) error   { return f.order("drain %d", w) }

func (f *fake) Stop() {
	_ = f.order("stop")
	if f.onStop != nil {
		f.onStop()
	}
}

// full is a Target that says something in every field.
func full() *fake {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	workers := []Worker{
		{Number: 1, PID: 101, Generation: 2, State: WorkerReady, Began: at, Served: 7, Busy: 2, Condemned: 1, Memory: 50 << 20},
		{Number: 2, PID: 102, Generation: 1, State: WorkerLeaving, Began: at, Served: 8},
	}
	return &fake{
		status: Status{
			State: StateFailing, PID: 99, Version: "0.1.0", Began: at, Addresses: []string{"http://127.0.0.1:8000/"},
			Application: "shop:app", Generation: 2, Workers: workers, Queue: Queue{Waiting: 3, Size: 1024},
			Requests: Traffic{InFlight: 5, Served: 1 << 40}, LastError: "Traceback:\n  boom", Retry: &at,
			Connections:  Connections{Open: 1, Max: 2, Accepted: 3, RefusedPerAddress: 4, Evicted: 5, Waited: 6, Received: 1 << 50, Sent: 1 << 51},
			Refusals:     map[string]int64{"RFC 9112 6.3": 7},
			Certificates: []Certificate{{Names: []string{"a.test"}, Until: &at, From: "certfile a.pem"}},
		},
		workers: workers,
		requests: []Request{
			{ID: "young", Method: "GET", Path: "/a", Client: "10.0.0.1:5", Worker: 1, PID: 101, Slot: 3, AgeMS: 5, QueuedMS: 1, State: RequestRunning, Stack: "File"},
			{ID: "old", Method: "PUT", Path: "/b", State: RequestQueued, AgeMS: 50, QueuedMS: 50},
		},
		stacks: []Stacks{
			{Worker: 1, PID: 101, Threads: []Thread{{ID: 1 << 47, Name: "MainThread", Stack: "File"}}},
			{Worker: 2, PID: 102, Mute: true, Threads: []Thread{}, Dump: "registers"},
		},
	}
}

// shortDir is a directory with a path short enough for sockets, unlike some of t.TempDir.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// serveAt answers for target at path, and fails the test if Serve does not end well.
func serveAt(t *testing.T, path string, target Target) net.Listener {
	t.Helper()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(l, target) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l
}

// serve answers for target at a path of its own.
func serve(t *testing.T, target Target) *Client {
	t.Helper()
	path := filepath.Join(shortDir(t), "s")
	serveAt(t, path, target)
	return Dial(path)
}

// leaveDead makes the socket file of a server that is gone.
func leaveDead(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if !exists(path) {
		t.Fatal("no dead socket")
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// wantText fails unless err says each of these.
func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q\nlacks %q", err, part)
		}
	}
}
