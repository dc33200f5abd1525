package manners

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// receiver is a statsd server that keeps all lines.
type receiver struct {
	address string
	mu      sync.Mutex
	lines   []string
	largest int
}

func newReceiver(t *testing.T, network, address string) *receiver {
	t.Helper()
	l, err := net.ListenPacket(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &receiver{address: l.LocalAddr().String()}
	go func() {
		for b := make([]byte, 64<<10); ; {
			n, _, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			r.mu.Lock()
			r.lines = append(r.lines, strings.Split(string(b[:n]), "\n")...)
			r.largest = max(r.largest, n)
			r.mu.Unlock()
		}
	}()
	return r
}

// counts are how often each line came, with what varies taken out: gunicorn sends the
// rate of samples, which is always 1.
func (r *receiver) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := map[string]int{}
	for _, line := range r.lines {
		line = strings.Replace(line, "|c|@1.0", "|c", 1)
		line = regexp.MustCompile(`:[0-9.]+\|ms`).ReplaceAllString(line, ":TIME|ms")
		counts[line]++
	}
	return counts
}

// requested are those that requests cause.
func (r *receiver) requested() map[string]int {
	counts := r.counts()
	maps.DeleteFunc(counts, func(line string, _ int) bool { return !strings.Contains(line, "gunicorn.request") })
	return counts
}

// The same requests are counted, timed and named by both servers alike.
func TestStatsdIsGunicorns(t *testing.T) {
	t.Parallel()
	findGunicorn(t)
	for name, tags := range map[string]string{"plain": "", "tagged": "env:test,blue"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := newReceiver(t, "udp", "127.0.0.1:0"), newReceiver(t, "udp", "127.0.0.1:0")
			args := []string{"--statsd-host", theirs.address, "--statsd-prefix", "shop", "--workers", "2"}
			own := []string{"--statsd", ours.address, "--statsd-prefix", "shop.gunicorn", "--workers", "2"}
			if tags != "" {
				args = append(args, "--dogstatsd-tags", tags)
				for tag := range strings.SplitSeq(tags, ",") {
					own = append(own, "--statsd-tags", tag)
				}
			}
			other, s := gunicorn(t, args...), start(t, own...)
			requests := []string{"/", "/missing", "/", "/none", "/missing?a=b"}
			for _, target := range requests {
				ask(t, other, "GET", target, nil)
				ask(t, s.Address, "GET", target, nil)
			}
			const each = 3 // lines for a request
			harness.Eventually(t, "both have told of all requests", func() bool {
				return sum(theirs.requested()) >= each*len(requests) && sum(ours.requested()) >= each*len(requests)
			})
			if got, want := ours.requested(), theirs.requested(); !maps.Equal(got, want) {
				t.Errorf("ours     %v\ngunicorn %v", got, want)
			}
			workers := "shop.gunicorn.workers:2|g"
			if tags != "" {
				workers += "|#" + tags
			}
			for who, r := range map[string]*receiver{"gunicorn": theirs, "highball": ours} {
				harness.Eventually(t, who+" tells how many workers there are", func() bool { return r.counts()[workers] > 0 })
			}
		})
	}
}

func sum(counts map[string]int) (n int) {
	for count := range maps.Values(counts) {
		n += count
	}
	return n
}

// Without a prefix of the operator's the names are Highball's. A socket of a path will do,
// and the log is counted as well.
func TestStatsd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "statsd.sock")
	r := newReceiver(t, "unixgram", path)
	s := start(t, "--statsd", "unix:"+path)
	for range 200 {
		ask(t, s.Address, "GET", "/", nil)
	}
	ask(t, s.Address, "GET", "/broken", nil)
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.Exit(); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		"highball.requests:1|c": 201, "highball.request.status.200:1|c": 200, "highball.request.status.500:1|c": 1,
		"highball.request.duration:TIME|ms": 201, "highball.log.exception:1|c": 1,
	} {
		harness.Eventually(t, line, func() bool { return r.counts()[line] == want })
	}
	for _, line := range []string{"highball.workers:1|g", "highball.backlog:0|g"} {
		if r.counts()[line] == 0 {
			t.Errorf("no %s among %v", line, slices.Collect(maps.Keys(r.counts())))
		}
	}
	if r.largest > 1432 {
		t.Errorf("a datagram of %d bytes", r.largest)
	}
}

// A statsd server that is gone, was never there, or does not read harms no request.
func TestStatsdIsDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "statsd.sock")
	l, err := net.ListenPacket("unixgram", path) // which nobody reads from
	if err != nil {
		t.Fatal(err)
	}
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, address := range map[string]string{
		"nobody listens": closed.LocalAddr().String(), "no such host": "no-such-host.invalid:8125", "does not read": "unix:" + path,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "--statsd", address)
			began := time.Now()
			for range 100 {
				ask(t, s.Address, "GET", "/", nil)
			}
			if took := time.Since(began); took > harness.Patience {
				t.Errorf("100 requests took %s", took)
			}
			s.WaitText(t, "statsd does not get all values")
			if n := s.Count("statsd does not get all values"); n != 1 {
				t.Errorf("the log says it %d times", n)
			}
		})
	}
	_ = l.Close()
	_ = os.Remove(path)
}

// What makes no sense is refused.
func TestStatsdRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--statsd", "localhost"}, {"--statsd", "127.0.0.1:8125", "--statsd-tags", "a|b"}} {
		out, code := run(t, append([]string{"run", "site_app:application", "--chdir", newApp(t)}, args...)...)
		if code != 2 || !strings.Contains(out, "statsd: ") {
			t.Errorf("%v: exit code %d, %s", args, code, out)
		}
	}
}
