package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"highball/e2e/harness"
)

// rate is how many requests a second the quick client sends: each when its time has
// come, whatever became of those before it.
const rate = 300

// tooLate is when it takes a request for lost.
const tooLate = 10 * time.Second

// experience is what the quick client got.
type experience struct {
	asked    int
	took     []time.Duration // from the time at which each was due to its whole answer
	failures []error
}

func (e experience) p99() time.Duration {
	slices.Sort(e.took)
	return e.took[len(e.took)*99/100]
}

func (e experience) String() string {
	text := fmt.Sprintf("%d requests, %d failed, p99 %s", e.asked, len(e.failures), e.p99().Round(10*time.Microsecond))
	for _, err := range e.failures[:min(len(e.failures), 3)] {
		text += "; " + err.Error()
	}
	return text
}

// quickly asks for so long.
func (s *scene) quickly(d time.Duration) experience {
	end := time.Now().Add(d)
	return s.quicklyUntil(func() bool { return time.Now().After(end) })
}

// quicklyWhile asks until something is done, which may fail the test.
func (s *scene) quicklyWhile(do func()) (e experience) {
	var done atomic.Bool
	result := make(chan experience)
	go func() { result <- s.quicklyUntil(done.Load) }()
	defer func() {
		done.Store(true)
		e = <-result
		s.t.Logf("meanwhile: %s; the front takes %d MiB", e, residentSet(s.PID)/mebibyte)
	}()
	do()
	return e
}

func (s *scene) quicklyUntil(done func() bool) (e experience) {
	c := &quickClient{address: s.Address}
	defer c.close()
	var all sync.WaitGroup
	var mu sync.Mutex
	for began := time.Now(); !done(); e.asked++ {
		due := began.Add(time.Duration(e.asked) * time.Second / rate)
		<-time.After(time.Until(due))
		all.Go(func() {
			err := c.ask()
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			if e.took = append(e.took, took); err != nil {
				e.failures = append(e.failures, fmt.Errorf("after %s: %w", took.Round(time.Millisecond), err))
			}
		})
	}
	all.Wait()
	return e
}

// quickClient uses connections that are idle, or new ones.
type quickClient struct {
	address string
	mu      sync.Mutex
	idle    []*quickConn
}

type quickConn struct {
	net.Conn
	in *bufio.Reader
}

func (c *quickClient) ask() error {
	conn, err := c.take()
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(tooLate))
	if err := conn.get("/quick"); err != nil {
		_ = conn.Close()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, conn)
	return nil
}

func (c *quickClient) take() (*quickConn, error) {
	if conn := c.first(); conn != nil {
		return conn, nil
	}
	raw, err := net.DialTimeout("tcp", c.address, tooLate)
	if err != nil {
		return nil, err
	}
	return &quickConn{raw, bufio.NewReader(raw)}, nil
}

// first takes the connection that was used last, nil if none is idle.
func (c *quickClient) first() *quickConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.idle)
	if n == 0 {
		return nil
	}
	conn := c.idle[n-1]
	c.idle = c.idle[:n-1]
	return conn
}

func (c *quickClient) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.idle {
		_ = conn.Close()
	}
}

// get asks for what is answered "ok".
func (c *quickConn) get(path string) error {
	if _, err := io.WriteString(c, harness.Request("GET", path)); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || string(text) != "ok" {
		return fmt.Errorf("%s %.60q %v", res.Status, strings.TrimSpace(string(text)), err)
	}
	return nil
}
