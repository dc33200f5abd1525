package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"highball/internal/spool"
)

// logBuffer takes log lines of several goroutines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// rig is a gateway with one fake worker after the other.
type rig struct {
	*Gateway
	slots []*fakeSlot
	asks  []Ask
	log   logBuffer
	done  []Done
	next  int
	waits time.Duration // in the queue, each request
}

// newRig serves the first request with the first worker, and so on.
func newRig(workers ...func(w *fakeWorker)) *rig {
	g := &rig{}
	for _, worker := range workers {
		g.slots = append(g.slots, newFakeSlot(worker))
	}
	g.Gateway = New(Options{
		Acquire: g.acquire,
		Bodies:  Bodies{Memory: inMemory, Timeout: time.Minute},
		Logger:  slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnDone: func(_ *http.Request, d Done) {
			d.RequestID = strings.Clone(d.RequestID)
			g.done = append(g.done, d)
		},

		ResponseMemory: 256 << 10, ResponseBudget: 1 << 20,
	})
	return g
}

// inMemory is Bodies.Memory, and everywhere Bodies.Stream for all paths.
const inMemory = 64 << 10

var everywhere = []string{""}

func newStore(t *testing.T, quota int64) *spool.Store {
	t.Helper()
	s, err := spool.New(t.TempDir(), quota)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkEmpty fails if a file was left.
func checkEmpty(t *testing.T, s *spool.Store) {
	t.Helper()
	if held := s.Stats(); held.Open != 0 || held.Held != 0 {
		t.Errorf("left in the store: %+v", held)
	}
}

var errBusy = errors.New("the queue is full")

func (g *rig) acquire(ctx context.Context, ask Ask) (Lease, error) {
	if ctx.Err() != nil {
		return Lease{}, ctx.Err()
	}
	g.asks = append(g.asks, ask)
	if g.next == len(g.slots) {
		return Lease{}, errBusy
	}
	s := g.slots[g.next]
	g.next++
	return Lease{Slot: s, Waited: g.waits, Release: s.Release, Condemn: s.Condemn}, nil
}

// do serves one request on a recorder. aborted tells that the handler had the
// connection cut.
func (g *rig) do(r *http.Request) (w *httptest.ResponseRecorder, aborted bool) {
	w = httptest.NewRecorder()
	return w, g.doOn(w, r)
}

func (g *rig) doOn(w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(cause)
		}
		g.Wait()
	}()
	g.ServeHTTP(w, r)
	return false
}

// checkFreed fails unless each slot was given back exactly once, unharmed.
func (g *rig) checkFreed(t *testing.T) {
	t.Helper()
	for i, s := range g.slots[:g.next] {
		if killed, _ := s.counts(); killed > 0 || s.misuse() != "" {
			t.Errorf("slot %d: killed %d times, %s", i, killed, s.misuse())
		}
	}
}

func get(target string) *http.Request { return httptest.NewRequest("GET", target, nil) }

func plain(s string) []Field { return []Field{{"Content-Type", s}} }

// closesInOrder counts how often it is asked.
func closesInOrder(asked *int, able bool) func(context.Context) bool {
	return func(context.Context) bool { *asked++; return able }
}
