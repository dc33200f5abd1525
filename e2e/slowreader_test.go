package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// longBody is what /large?blocks=1024 answers, in bytes: more than all buffers hold.
const longBody = 64 << 20

// lines checks the body of e2e/apps/large as it comes: numbers in 15 places, a line each.
type lines struct {
	size  int
	wrong error
}

func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, at := numbered(l.size/16), l.size%16
		n := min(len(line)-at, len(rest))
		if !bytes.Equal(rest[:n], line[at:at+n]) && l.wrong == nil {
			l.wrong = fmt.Errorf("at %d there is %q, want %q", l.size, rest[:n], line[at:at+n])
		}
		l.size += n
		rest = rest[n:]
	}
	return len(p), nil
}

// numbered is fmt.Sprintf("%15d\n", n), of which the tests need millions.
func numbered(n int) (line [16]byte) {
	line[15] = '\n'
	for at := 14; at >= 0; at-- {
		if line[at] = ' '; n > 0 || at == 14 {
			line[at] = byte('0' + n%10)
		}
		n /= 10
	}
	return line
}

// oneThread is a server with a single thread, which must be free for others.
func oneThread(t *testing.T, args ...string) *controlled {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "control.sock")
	return &controlled{&project{Server: harness.Start(t, harness.Options{
		App: "all:application", Python: harness.Newest(t).Path,
		Args: append([]string{"--workers", "1", "--threads", "1", "--access-log", "-", "--control", socket}, args...),
	})}, socket}
}

// askSlowly asks for a body and reads no more than the head.
func (c *controlled) askSlowly(t *testing.T, path string) *harness.Conn {
	t.Helper()
	conn := c.Dial(t)
	_ = conn.SetDeadline(time.Now().Add(3 * harness.Patience))
	conn.Send(harness.Request("GET", path, "Connection: close"))
	want(t, "status", conn.Head().Status, 200)
	return conn
}

// sending waits until the application has ended while the request is being answered.
func (c *controlled) sending(t *testing.T) {
	t.Helper()
	harness.Eventually(t, "the response waits for its client, and no thread does", func() bool {
		requests := answer[[]requestDocument](t, c, "requests")
		return len(requests) == 1 && requests[0].State == "sending" && requests[0].PID == 0
	})
	if busy := answer[statusDocument](t, c, "status").Workers[0].Busy; busy != 0 {
		t.Errorf("%d threads are busy", busy)
	}
	if out, _, _ := c.ctl(t, "requests"); !strings.Contains(out, "sending") {
		t.Errorf("ctl requests says\n%s", out)
	}
}

// unnamed counts the open files of the front that have no name.
func (c *controlled) unnamed(t *testing.T) (n int) {
	t.Helper()
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", c.PID))
	if len(links) == 0 {
		t.Skip("no /proc")
	}
	for _, link := range links {
		if target, _ := os.Readlink(link); strings.HasSuffix(target, " (deleted)") {
			n++
		}
	}
	return n
}

func readChunked(t *testing.T, conn *harness.Conn) *lines {
	t.Helper()
	var got lines
	for chunk := conn.Chunk(); chunk != ""; chunk = conn.Chunk() {
		_, _ = io.WriteString(&got, chunk)
	}
	return &got
}

func (c *controlled) record(t *testing.T, path string) harness.Entry {
	t.Helper()
	return c.Wait(t, func(e harness.Entry) bool {
		return e.Text("msg") == "request" && strings.Contains(e.Raw, path)
	})
}

// A client that does not read its 64 MiB leaves the only thread to others; it gets all
// of them when it reads, and nothing is left.
func TestSlowReaderHoldsNoThread(t *testing.T) {
	t.Parallel()
	c := oneThread(t)
	conn := c.askSlowly(t, "/large?blocks=1024&tag=slow")
	c.WaitText(t, "slow closed after")
	c.sending(t)
	c.Get(t, "/hello").Want(t, 200, "hello")
	want(t, "files without a name", c.unnamed(t), 1)
	s := answer[statusDocument](t, c, "status")
	if r := s.Responses; r.Spooled != 1 || r.SpooledBytes < longBody/2 || r.Stalls != 0 || s.Spool.Files != 1 || s.Spool.Held == 0 || s.Bodies.Spooled != 0 {
		t.Errorf("ctl status says %+v of responses, %+v of files and %+v of bodies", r, s.Spool, s.Bodies)
	}
	got := readChunked(t, conn)
	if got.size != longBody || got.wrong != nil {
		t.Errorf("%d bytes of %d: %v", got.size, longBody, got.wrong)
	}
	if e := c.record(t, "/large?"); e.Fields["bytes"] != float64(longBody) || e.Text("error") != "" {
		t.Errorf("the access record is %s", e.Raw)
	}
	want(t, "files without a name, at the end", c.unnamed(t), 0)
}

// So it is with a file of wsgi.file_wrapper, and with a part of the response in memory.
func TestSlowReaderOfAFile(t *testing.T) {
	t.Parallel()
	c := oneThread(t)
	conn := c.askSlowly(t, "/large/file?blocks=1024")
	c.sending(t)
	c.Get(t, "/hello").Want(t, 200, "hello")
	var got lines
	_, _ = io.WriteString(&got, conn.Rest())
	if got.size != longBody || got.wrong != nil {
		t.Errorf("%d bytes of %d: %v", got.size, longBody, got.wrong)
	}
}

// HTTP/2 has a window of its own for what the client does not read.
func TestSlowReaderOverHTTP2(t *testing.T) {
	t.Parallel()
	c := oneThread(t)
	client := http2Client(t)
	client.Timeout = 3 * harness.Patience
	r, err := client.Get(c.URL("/large?blocks=1024"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	c.sending(t)
	c.Get(t, "/hello").Want(t, 200, "hello")
	var got lines
	if _, err := io.Copy(&got, r.Body); err != nil || got.size != longBody || got.wrong != nil {
		t.Errorf("%d bytes of %d: %v, %v", got.size, longBody, err, got.wrong)
	}
}

// Without files, or with room for less, the application waits for its client, for longer
// than the request timeout, and nothing is lost.
func TestSlowReaderWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"0", "1MiB"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			c := oneThread(t, "--response-spool-limit", limit, "--request-timeout", "0.5")
			conn := c.askSlowly(t, "/large?blocks=1024&tag=slow")
			harness.Eventually(t, "the request is older than its timeout", func() bool {
				requests := answer[[]requestDocument](t, c, "requests")
				return len(requests) == 1 && requests[0].Age > 1200 && requests[0].PID > 0
			})
			want(t, "closed", c.Count("slow closed after"), 0)
			if got := readChunked(t, conn); got.size != longBody || got.wrong != nil {
				t.Errorf("%d bytes of %d: %v", got.size, longBody, got.wrong)
			}
			want(t, "files without a name, at the end", c.unnamed(t), 0)
		})
	}
}

// A client that leaves what waits for it: the file is closed, and the log says so.
func TestSlowReaderLeaves(t *testing.T) {
	t.Parallel()
	c := oneThread(t)
	conn := c.askSlowly(t, "/large?blocks=1024")
	c.sending(t)
	conn.Reset()
	if e := c.record(t, "/large?"); e.Fields["bytes"].(float64) >= longBody || !strings.Contains(e.Raw, "the client left") {
		t.Errorf("the access record is %s", e.Raw)
	}
	want(t, "files without a name", c.unnamed(t), 0)
	if n := len(answer[[]requestDocument](t, c, "requests")); n != 0 {
		t.Errorf("%d requests are in flight", n)
	}
}

// Many clients that do not read take no more memory than the budget.
func TestSlowReadersShareABudget(t *testing.T) {
	t.Parallel()
	const clients, size = 20, 8 << 20
	c := oneThread(t, "--response-budget", "4MiB", "--response-memory", "8MiB")
	c.Get(t, "/hello")
	before := resident(t, c.PID)
	var conns []*harness.Conn
	for range clients {
		conns = append(conns, c.askSlowly(t, fmt.Sprintf("/large?blocks=%d", size>>16)))
	}
	harness.Eventually(t, "no thread is busy", func() bool { return answer[statusDocument](t, c, "status").Workers[0].Busy == 0 })
	limit := int64(40 << 20)
	if harness.Race() { // which remembers who has used what
		limit *= 2
	}
	if more := int64(resident(t, c.PID) - before); more > limit {
		t.Errorf("%d clients that do not read %d MiB take %d MiB of memory", clients, clients*size>>20, more>>20)
	}
	for _, conn := range conns {
		_ = conn.SetDeadline(time.Now().Add(3 * harness.Patience))
		if got := readChunked(t, conn); got.size != size || got.wrong != nil {
			t.Errorf("%d bytes of %d: %v", got.size, size, got.wrong)
		}
	}
	want(t, "files without a name, at the end", c.unnamed(t), 0)
}

// A stop waits for a client that reads slowly, but not for longer than the drain timeout.
func TestDrainWaitsForSlowReaders(t *testing.T) {
	t.Parallel()
	for timeout, whole := range map[string]bool{"20": true, "0.5": false} {
		t.Run(timeout, func(t *testing.T) {
			t.Parallel()
			c := oneThread(t, "--drain-timeout", timeout)
			conn := c.askSlowly(t, "/large?blocks=1024")
			c.sending(t)
			if err := c.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			c.WaitText(t, "stopping")
			if !whole {
				<-c.Ended()
				if rest := conn.Rest(); len(rest) >= longBody {
					t.Error("the response was not cut")
				}
			} else if got := readChunked(t, conn); got.size != longBody || got.wrong != nil {
				t.Errorf("%d bytes of %d: %v", got.size, longBody, got.wrong)
			}
			if err := c.Exit(); whole && err != nil {
				t.Error(err)
			}
			if err := c.Leave(); err != nil {
				t.Error(err)
			}
		})
	}
}

// http2Client is net/http's, in clear text, by prior knowledge.
func http2Client(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: harness.Patience}
}
