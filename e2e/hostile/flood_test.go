package hostile

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"highball/e2e/harness"
)

// Floods of connections leave nothing behind: whether they say nothing, end their
// direction at once or within a request, or ask and do not stay. While they come,
// others are served.
func TestFloods(t *testing.T) {
	n := scaled(5000, 300)
	needDescriptors(t, n)
	s := perform(t)
	begun := harness.Request("POST", "/body", "Content-Length: 10") + "hello"
	s.rounds(3, func(int) {
		meanwhile := s.quicklyWhile(func() {
			s.flood(n, "", (*net.TCPConn).Close)
			s.flood(n, "", closesInOrder)
			s.flood(n, begun[:20], (*net.TCPConn).Close)
			s.flood(n, begun, (*net.TCPConn).Close)
			s.flood(n, "", isClosed)
			s.flood(n, begun[:20], isClosed)
			s.flood(n, begun, isClosed)
			s.flood(n, harness.Request("GET", "/quick"), (*net.TCPConn).Close)
			s.flood(n, harness.Request("GET", "/quick"), isClosed)
			s.crowdOfSilent(n)
		})
		if len(meanwhile.failures) > 0 {
			t.Errorf("%d requests of the quick client have failed", len(meanwhile.failures))
		}
	})
	s.leavesNoGoroutine()
}

// flood has so many clients connect, say something, and leave.
func (s *scene) flood(n int, text string, leave func(*net.TCPConn) error) {
	s.t.Helper()
	concurrently(s.t, n, 50, func(i int) error {
		c, err := dial(s.t.Context(), s.Address, i, 0)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(harness.Patience))
		if _, err := io.WriteString(c, text); err != nil {
			return err
		}
		return leave(c)
	})
}

// closesInOrder does not reset.
func closesInOrder(c *net.TCPConn) error {
	_ = c.SetLinger(-1)
	return c.Close()
}

// isClosed ends its own direction, on which the server has to end the connection:
// a half-open one would be kept for ever.
func isClosed(c *net.TCPConn) error {
	if err := c.CloseWrite(); err != nil {
		return nil // by a reset, which is an end as well
	}
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		return fmt.Errorf("the server keeps the connection of a client that has ended its direction: %w", err)
	}
	return nil
}

// crowdOfSilent has so many clients connect, all of them, before one leaves.
func (s *scene) crowdOfSilent(n int) {
	s.t.Helper()
	var mu sync.Mutex
	var all []*net.TCPConn
	concurrently(s.t, n, 50, func(i int) error {
		c, err := dial(context.Background(), s.Address, i, 0)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, c)
		return nil
	})
	s.serves() // accepted after them all
	for _, c := range all {
		_ = c.Close()
	}
}

// Connections on which nothing is said, or not all of a head, end by the server's
// own time limits, which are those of the default configuration.
func TestSilentConnectionsEnd(t *testing.T) {
	if !long() {
		t.Skip("takes as long as Highball waits: only with HIGHBALL_TEST_LONG=1")
	}
	const n = 1000
	needDescriptors(t, n)
	s := perform(t)
	end := time.Now().Add(2 * time.Minute)
	concurrently(t, n, n, func(i int) error {
		c, err := dial(t.Context(), s.Address, i, 0)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(end)
		_, _ = io.WriteString(c, harness.Request("GET", "/quick")[:i%2*20])
		_, err = c.Read(make([]byte, 1))
		for err == nil { // an answer, 408 say
			_, err = c.Read(make([]byte, 512))
		}
		if strings.Contains(err.Error(), "timeout") {
			return fmt.Errorf("after 2 minutes it is still there")
		}
		return nil
	})
	s.settles()
}
