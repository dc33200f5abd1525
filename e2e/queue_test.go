package e2e

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"highball/e2e/harness"
)

// tells answers with its time in the queue as environ and as the field have it.
const tells = `
import time
def application(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%r %s" % (environ["highball.queue_time"], environ.get("HTTP_X_QUEUE_TIME"))).encode()]
`

// Of requests that meet one thread each waits for those before it, and environ, the
// field, the response and the access record say for how long.
func TestQueueTime(t *testing.T) {
	t.Parallel()
	p := startProject(t, "--threads", "1", "--queue-time-header", "--access-log", "-")
	p.write(t, tells)
	p.reload(t, 1, reloaded)
	const clients = 8 // of 2 workers with a thread
	var wg sync.WaitGroup
	var mu sync.Mutex
	var waits []float64
	began := time.Now()
	for range clients {
		wg.Go(func() {
			r := p.Dial(t).Send(harness.Request("GET", "/", "X-Queue-Time: 99")).Response("GET")
			var inEnviron float64
			var field string
			if _, err := fmt.Sscan(r.Body, &inEnviron, &field); err != nil {
				t.Errorf("%q: %v", r.Body, err)
			}
			if want := strconv.FormatFloat(inEnviron, 'f', 6, 64); field != want || r.Get("X-Queue-Time") != want {
				t.Errorf("environ says %v, the request's field %q, the response's %q", inEnviron, field, r.Get("X-Queue-Time"))
			}
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, inEnviron)
		})
	}
	wg.Wait()
	took := time.Since(began).Seconds()
	longest, none := 0.0, 0
	for _, w := range waits {
		longest = max(longest, w)
		if w == 0 {
			none++
		}
	}
	// The last has waited for three others in its worker, of 50 ms each.
	if longest < 0.1 || longest > took || none < 1 {
		t.Errorf("they waited %v seconds, in %v", waits, took)
	}
	record := p.Wait(t, func(e harness.Entry) bool { return e.Text("msg") == "request" && e.Text("queue_time") != "" })
	if d, ok := record.Fields["queue_time"].(float64); !ok || d <= 0 || d > took {
		t.Errorf("the access record says %v", record.Fields)
	}
}

// A client that closes its connection while its request waits has left: Python never
// sees the request. One that only half-closes, right after its request, is served.
func TestClientLeavesTheQueue(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "control.sock")
	c := &controlled{&project{Server: harness.Start(t, harness.Options{
		App: "all:application", Python: harness.Newest(t).Path,
		Args: []string{"--workers", "1", "--threads", "1", "--access-log", "-", "--control", socket},
	})}, socket}
	busy, waits := harness.NewGate(t), harness.NewGate(t)
	ask := func(path string, g *harness.Gate) *harness.Conn {
		return c.Dial(t).Send(harness.Request("GET", path+"?"+g.Query()))
	}
	first := ask("/blocks", busy)
	v := busy.Arrival()
	half := ask("/blocks", busy).CloseWrite()
	leaves := ask("/blocks", waits)
	harness.Eventually(t, "the request has waited a while", func() bool {
		for _, r := range answer[[]requestDocument](t, c, "requests") {
			if r.Path == "/blocks?"+waits.Query() && r.State == "queued" && r.Age > 100 {
				return true
			}
		}
		return false
	})
	_ = leaves.Close()
	c.Wait(t, func(e harness.Entry) bool { return e.Text("msg") == "request" && e.Fields["status"] == 499.0 })
	v.Go()
	for range 3 { // places of the first and of the half-closed one
		busy.Arrival().Go()
	}
	first.Response("GET").Want(t, 200, "onetwo")
	half.Response("GET").Want(t, 200, "onetwo")
	waits.Nobody()
}
