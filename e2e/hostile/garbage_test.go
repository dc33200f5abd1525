package hostile

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// Random bytes are answered 4xx or by the end of the connection, do no harm to
// others, and Python sees none of them.
func TestGarbage(t *testing.T) {
	s := perform(t)
	n := scaled(20_000, 1500)
	s.rounds(2, func(int) {
		meanwhile := s.quicklyWhile(func() {
			concurrently(t, n, 32, func(i int) error { return s.isRefused(i, garbage(i), (*net.TCPConn).CloseWrite) })
		})
		if len(meanwhile.failures) > 0 {
			t.Errorf("%d requests of the quick client have failed", len(meanwhile.failures))
		}
	})
	s.wantNoCalls()
	s.leavesNoGoroutine()
}

// garbage is random bytes, random printable ones, or a request with random ones in
// its head; no two are alike.
func garbage(i int) string {
	random := rand.New(rand.NewPCG(uint64(i), 5))
	noise := make([]byte, 1+random.IntN(3000))
	for j := range noise {
		noise[j] = byte(random.Uint32())
		if i%3 == 1 {
			noise[j] = ' ' + noise[j]%95
		}
	}
	if i%3 == 2 {
		noise = slices.Insert(noise, len(noise)/2, 0) // no field may have that
		return "GET /garbage HTTP/1.1\r\nHost: a\r\nX-Noise: " + string(noise) + "\r\n\r\n"
	}
	return string(noise) + "\r\n\r\n"
}

// refusedWithin is how long a client waits for what comes at once.
const refusedWithin = 5 * time.Second

// stays is a client that goes on waiting for its answer.
func stays(*net.TCPConn) error { return nil }

// isRefused sends text and fails unless the connection ends, after an error at most.
func (s *scene) isRefused(n int, text string, then func(*net.TCPConn) error) error {
	c, err := dial(s.t.Context(), s.Address, n, 0)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(refusedWithin))
	go func() { _, _ = io.WriteString(c, text); _ = then(c) }()
	answer, err := io.ReadAll(c)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return fmt.Errorf("%.80q: neither an answer nor an end, but %.80q", text, answer)
	}
	if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") && !strings.HasPrefix(string(answer), "HTTP/1.1 5") {
		return fmt.Errorf("%.80q was answered %.80q", text, answer)
	}
	return nil
}

// wantNoCalls fails the test if the application was called but for /quick.
func (s *scene) wantNoCalls() {
	s.t.Helper()
	if calls := s.seen(); len(calls) > 0 {
		slices.Sort(calls)
		s.t.Errorf("the application was called %d times: %.300q", len(calls), slices.Compact(calls))
	}
}
