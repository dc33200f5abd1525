package statsd

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"highball/internal/obs"
)

// listen receives datagrams.
func listen(t *testing.T, network, address string) net.PacketConn {
	t.Helper()
	l, err := net.ListenPacket(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func receive(t *testing.T, l net.PacketConn) string {
	t.Helper()
	b := make([]byte, 64<<10)
	_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, _, err := l.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func client(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestLines(t *testing.T) {
	for name, test := range map[string]struct {
		prefix string
		tags   []string
		want   string
	}{
		"plain":  {"", nil, "a:1|c\nb:2.5|ms\nc:3|g"},
		"prefix": {"shop.web.", nil, "shop.web.a:1|c\nshop.web.b:2.5|ms\nshop.web.c:3|g"},
		"tags":   {"x", []string{"env:prod", "blue"}, "x.a:1|c|#env:prod,blue\nx.b:2.5|ms|#env:prod,blue\nx.c:3|g|#env:prod,blue"},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, "udp", "127.0.0.1:0")
			c := client(t, Options{Address: l.LocalAddr().String(), Prefix: test.prefix, Tags: test.tags})
			c.Count("a", 1)
			c.Time("b", 2500*time.Microsecond+400*time.Nanosecond)
			c.Gauge("c", 3)
			if got := receive(t, l); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := listen(t, "unixgram", path)
	for _, address := range []string{"unix:" + path, "unix://" + path} {
		client(t, Options{Address: address}).Count("a", 1)
		if got := receive(t, l); got != "a:1|c" {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// Many values share datagrams, none of which is larger than a packet, and none is lost.
func TestBatches(t *testing.T) {
	l := listen(t, "udp", "127.0.0.1:0")
	c := client(t, Options{Address: l.LocalAddr().String(), Prefix: "p"})
	const values = 1000
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range values / 4 {
				c.Count(fmt.Sprintf("name.%d.%d", i, j), 1)
			}
		})
	}
	wg.Wait()
	seen, datagrams := map[string]bool{}, 0
	for len(seen) < values {
		text := receive(t, l)
		datagrams++
		if len(text) > mostBytes {
			t.Fatalf("a datagram of %d bytes", len(text))
		}
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.HasPrefix(line, "p.name.") || !strings.HasSuffix(line, ":1|c") {
				t.Fatalf("%q", line)
			}
			seen[line] = true
		}
	}
	if datagrams > values/40 {
		t.Errorf("%d datagrams for %d values", datagrams, values)
	}
}

// Close sends what waits; what comes later goes nowhere.
func TestClose(t *testing.T) {
	l := listen(t, "udp", "127.0.0.1:0")
	c := client(t, Options{Address: l.LocalAddr().String()})
	c.Count("a", 1)
	c.Close()
	c.Count("b", 1)
	if got := receive(t, l); got != "a:1|c" {
		t.Errorf("%q", got)
	}
	c.Close()
}

// A server that is not there, or comes later, costs a line in the log and no more.
func TestNobodyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	var log output
	c := client(t, Options{Address: "unix:" + path, Logger: obs.NewLogger(&log, "", 0)})
	c.notUntil = time.Time{}
	for range 3 {
		c.Count("a", 1)
		c.due()
	}
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(log.String(), "statsd does not get all values") {
		if time.Now().After(deadline) {
			t.Fatal("the log says nothing")
		}
		<-time.After(time.Millisecond)
	}
	l := listen(t, "unixgram", path)
	go func() {
		for range 1000 {
			c.Count("late", 1)
			c.due()
			<-time.After(10 * time.Millisecond)
		}
	}()
	if got := receive(t, l); !strings.HasPrefix(got, "late:1|c") {
		t.Errorf("%q", got)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, log.String())
	}
}

// After a failure nothing is tried for a moment.
func TestPauseAfterAFailure(t *testing.T) {
	c := &Client{network: "unixgram", address: filepath.Join(t.TempDir(), "s")}
	if err := c.sendOne([]byte("a:1|c")); err == nil {
		t.Fatal("sent to nobody")
	}
	l := listen(t, "unixgram", c.address)
	if err := c.sendOne([]byte("b:1|c")); err != nil || c.conn != nil {
		t.Errorf("%v: it was tried at once again", err)
	}
	c.notUntil = time.Now()
	if err := c.sendOne([]byte("c:1|c")); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, l); got != "c:1|c" {
		t.Errorf("%q", got)
	}
	c.hangUp()
}

type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// A receiver that takes nothing holds nobody up: here even the goroutine that sends is
// missing.
func TestNothingIsTaken(t *testing.T) {
	c := &Client{datagrams: make(chan []byte, mostWaiting), logger: slog.New(slog.DiscardHandler)}
	for range 10 * mostWaiting * mostBytes / len("a:1|c\n") {
		c.Count("a", 1)
	}
	if n := len(c.datagrams); n != mostWaiting {
		t.Errorf("%d datagrams wait, want %d", n, mostWaiting)
	}
	c.timer.Stop()
}

func TestOptionsErrors(t *testing.T) {
	for _, o := range []Options{
		{Address: ""}, {Address: "localhost"}, {Address: ":8125"}, {Address: "a:0"}, {Address: "a:70000"}, {Address: "a:b"}, {Address: "unix:"},
		{Address: "a:1", Prefix: "a|b"}, {Address: "a:1", Prefix: "a:b"}, {Address: "a:1", Tags: []string{"a\nb"}}, {Address: "a:1", Prefix: strings.Repeat("x", 1000)},
	} {
		if c, err := New(o); err == nil {
			c.Close()
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestHandlers(t *testing.T) {
	l := listen(t, "udp", "127.0.0.1:0")
	c := client(t, Options{Address: l.LocalAddr().String()})
	record := obs.AccessRecord{Time: time.Now(), Status: 404, Duration: 1234567 * time.Nanosecond}
	record.LogTo(t.Context(), slog.New(c.Requests()))
	var log bytes.Buffer
	logger := slog.New(c.Lines(obs.NewLogger(&log, "", 0).Handler()))
	logger.Info("i")
	logger.Warn("w")
	logger.Error("e", "error", errors.New("x"))
	logger.Error("x", "traceback", "Traceback")
	logger.With("traceback", "T").WithGroup("g").Error("x")
	logger.Log(t.Context(), slog.LevelError+4, "c")
	c.Close()
	want := "request.duration:1.234|ms\nrequests:1|c\nrequest.status.404:1|c\nlog.warning:1|c\nlog.error:1|c\nlog.exception:1|c\nlog.exception:1|c\nlog.critical:1|c"
	if got := receive(t, l); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := strings.Count(log.String(), "\n"); n < 6 {
		t.Errorf("the log has\n%s", log.String())
	}
}

func TestAddAllocations(t *testing.T) {
	l := listen(t, "udp", "127.0.0.1:0")
	c := client(t, Options{Address: l.LocalAddr().String()})
	if n := testing.AllocsPerRun(1000, func() { c.Count("a", 1) }); n > 1 {
		t.Errorf("%v allocations for a value", n)
	}
}
