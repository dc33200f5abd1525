package hostile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// perAddress is how many clients come from one address, so that neither ports nor
// a limit of connections for an address run out.
const perAddress = 100

// dial connects as the nth client. Its close is a reset, which leaves no port in
// TIME_WAIT. receive is the size of its receive buffer in bytes; 0: as the system has it.
func dial(ctx context.Context, address string, n, receive int) (*net.TCPConn, error) {
	group := n / perAddress
	d := net.Dialer{
		Timeout:   harness.Patience,
		LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(group>>8), byte(1+group%250))},
		Control: func(_, _ string, raw syscall.RawConn) (err error) {
			if receive == 0 {
				return nil
			}
			// Before it connects: the window is announced then.
			controlErr := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, receive) })
			return errors.Join(err, controlErr)
		},
	}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), c.(*net.TCPConn).SetLinger(0)
}

// concurrently calls do with each number below n, so many at a time. It fails the
// test with the first errors, and gives up after some.
func concurrently(t *testing.T, n, atATime int, do func(i int) error) {
	t.Helper()
	const enough = 5
	var mu sync.Mutex
	var failed []string
	var next atomic.Int64
	var all sync.WaitGroup
	goesOn := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(failed) < enough
	}
	for range atATime {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && goesOn(); i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					mu.Lock()
					failed = append(failed, fmt.Sprintf("%d: %v", i, err))
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if len(failed) > 0 {
		t.Errorf("of %d:\n%s", n, strings.Join(failed[:min(len(failed), enough)], "\n"))
	}
}
