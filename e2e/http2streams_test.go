package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"highball/e2e/harness"
)

// Streams of one connection run in parallel, over all workers.
func TestHTTP2StreamsRunInParallel(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Options{
		App: "meets/wsgi.py", Python: harness.Newest(t).Path, Args: []string{"--workers", "2", "--threads", "2"},
	})
	gate := harness.NewGate(t)
	client := http2Client(t)
	client.Transport.(*http.Transport).MaxConnsPerHost = 1
	answered := make(chan error, 4)
	for range cap(answered) {
		go func() {
			r, err := client.Get(s.URL("/?" + gate.Query()))
			if err == nil {
				_ = r.Body.Close()
			}
			answered <- err
		}()
	}
	var visitors []*harness.Visitor
	pids := map[int]int{}
	for range cap(answered) { // all are in the application before any is let go
		v := gate.Arrival()
		visitors = append(visitors, v)
		pids[v.PID]++
	}
	for _, v := range visitors {
		v.Go()
	}
	for range cap(answered) {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
	if len(pids) != 2 {
		t.Errorf("served by %v, want two processes", pids)
	}
}

// A client that does not read stops the generator: from its window to the
// application's next block nothing grows.
func TestHTTP2FlowControlReachesTheGenerator(t *testing.T) {
	t.Parallel()
	const block, most = 64 << 10, 16 << 20
	c := oneThread(t, "--response-spool-limit", "0")
	c.Get(t, "/hello")
	before := resident(t, c.PID)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	request, err := http.NewRequestWithContext(ctx, "GET", c.URL(fmt.Sprintf("/endless?tag=gen&size=%d", block)), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http2Client(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.CopyN(io.Discard, r.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the application waits for its client", func() bool {
		return answer[statusDocument](t, c, "status").Responses.Stalls > 0
	})
	if more := resident(t, c.PID) - before; more > 2*most {
		t.Errorf("a client that does not read takes %d MiB of memory", more>>20)
	}
	leave()
	e := c.WaitText(t, "gen closed after")
	var blocks int
	if _, after, _ := strings.Cut(e.Raw, "closed after "); after != "" {
		_, _ = fmt.Sscan(after, &blocks)
	}
	if blocks == 0 || blocks*block > most {
		t.Errorf("the generator was asked for %d blocks of 64 KiB: %s", blocks, e.Raw)
	}
}

// A server that is told to stop says so, serves what is on its way, and says what was last.
func TestHTTP2GoAwayOnStop(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Options{App: "meets/wsgi.py", Python: harness.Newest(t).Path, Args: []string{"--workers", "1"}})
	gate := harness.NewGate(t)
	conn := s.Dial(t).Send(http2.ClientPreface)
	frames := http2.NewFramer(conn, conn)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "test.example"}, {":path", "/?" + gate.Query()}} {
		must(encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	must(frames.WriteSettings())
	must(frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}))
	v := gate.Arrival()
	must(s.Signal(syscall.SIGTERM))
	var last []uint32
	for ended := false; !ended; {
		f, err := frames.ReadFrame()
		must(err)
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			if last = append(last, f.LastStreamID); f.ErrCode != http2.ErrCodeNo {
				t.Errorf("GOAWAY with %v", f.ErrCode)
			}
			if len(last) == 2 {
				v.Go()
			}
		case *http2.PingFrame:
			must(frames.WritePing(true, f.Data))
		case *http2.DataFrame:
			ended = f.StreamEnded()
		}
	}
	want(t, "the last streams", fmt.Sprint(last), fmt.Sprint([]uint32{1<<31 - 1, 1}))
	if err := s.Exit(); err != nil {
		t.Error(err)
	}
}
