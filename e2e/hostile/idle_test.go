package hostile

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"highball/e2e/harness"
)

// idlers are keep-alive connections, each of which has asked once.
type idlers struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (s *scene) idlers(n int) *idlers {
	s.t.Helper()
	all := &idlers{}
	s.t.Cleanup(all.close)
	concurrently(s.t, n, 32, func(i int) error {
		c, err := dial(s.t.Context(), s.Address, i, 0)
		if err != nil {
			return err
		}
		_ = c.SetDeadline(time.Now().Add(harness.Patience))
		all.mu.Lock()
		all.conns = append(all.conns, c)
		all.mu.Unlock()
		return (&quickConn{c, bufio.NewReaderSize(c, 512)}).get("/quick")
	})
	return all
}

func (i *idlers) close() {
	for _, c := range i.conns {
		_ = c.Close()
	}
	i.conns = nil
}

// throughput is how many requests a second 8 clients get that never pause.
func (s *scene) throughput(d time.Duration) float64 {
	s.t.Helper()
	var answered atomic.Int64
	began := time.Now()
	concurrently(s.t, 8, 8, func(int) error {
		raw, err := net.DialTimeout("tcp", s.Address, harness.Patience)
		if err != nil {
			return err
		}
		defer raw.Close()
		for c := (&quickConn{raw, bufio.NewReader(raw)}); time.Since(began) < d; answered.Add(1) {
			_ = raw.SetDeadline(time.Now().Add(harness.Patience))
			if err := c.get("/quick"); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(answered.Load()) / time.Since(began).Seconds()
}

// Thousands of idle connections do not slow others down. What else the machine does
// changes from round to round, so each compares what was measured one after the other.
func TestIdleConnectionsSlowNobody(t *testing.T) {
	n := scaled(10_000, 2000)
	needDescriptors(t, n)
	s := perform(t)
	d := scaled(4*time.Second, 500*time.Millisecond)
	var ratios []float64
	s.rounds(scaled(5, 3), func(int) {
		without := s.throughput(d)
		idle := s.idlers(n)
		beside := s.throughput(d)
		idle.close()
		ratios = append(ratios, beside/without)
		t.Logf("%.0f requests/s, beside %d idle connections %.0f", without, n, beside)
	})
	ratio := median(ratios)
	if least := scaled(0.8, 0.4); ratio < least && !harness.Race() { // whose work grows with the goroutines
		t.Errorf("the rate is %.2f of that without them, want at least %.2f", ratio, least)
	}
	s.leavesNoGoroutine()
}
