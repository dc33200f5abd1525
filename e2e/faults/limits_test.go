package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestQueueTimeout(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--threads", "1", "--queue-timeout", "300ms"))
	free := p.fill(1)
	began := time.Now()
	a := p.get("/pid")
	p.want(a, 503, "")
	if took := time.Since(began); took < 300*time.Millisecond || took > soon {
		t.Errorf("answered after %s, want 300ms", took)
	}
	if a.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After in %v", a.header)
	}
	free()
	p.wantGet("/", 200, "ok")
}

func TestQueueFull(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 2} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			p := start(t, 1, args("--threads", "1", "--queue-size", fmt.Sprint(size)))
			free := p.fill(1)
			answers := make(chan answer, size+1)
			for range size + 1 {
				go func() { answers <- p.get("/pid") }()
			}
			refused := <-answers
			p.want(refused, 503, "")
			if refused.header.Get("Retry-After") == "" {
				t.Errorf("no Retry-After in %v", refused.header)
			}
			free()
			for range size {
				p.want(<-answers, 200, "")
			}
		})
	}
}

// A client that leaves the queue costs Python nothing.
func TestClientThatLeavesTheQueueIsNotServed(t *testing.T) {
	t.Parallel()
	p := start(t, 1, args("--threads", "1", "--queue-size", "1", "--access-log", "-"))
	free := p.fill(1)
	c := p.dial()
	if _, err := io.WriteString(c, "GET /raises HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	p.eventually("it has been read", func() bool { return p.connections() >= 2 && p.unread() == 0 })
	p.eventually("the queue is full", p.refuses)
	// By a reset: a FIN says only that nothing more will be sent.
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
	p.eventually("its place is free", func() bool { return strings.Contains(p.stdout.line("/raises"), " 499 ") })
	next := p.send("/pid")
	p.eventually("the next is queued", func() bool { return p.connections() >= 2 })
	free()
	p.want(<-next, 200, "")
	if p.has("seen-raises") {
		t.Error("the application was called for a client that had left")
	}
}

// refuses says whether a request is answered 503 at once. One that is queued is
// taken back.
func (p *program) refuses() bool {
	c := p.dial()
	defer c.Close()
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	head := make([]byte, len("HTTP/1.1 503"))
	if _, err := io.WriteString(c, "GET /pid HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	_, err := io.ReadFull(c, head)
	return err == nil && string(head) == "HTTP/1.1 503"
}

// After many requests of all kinds highball and its workers hold what they held
// after the first few.
func TestNothingIsLeaked(t *testing.T) {
	t.Parallel()
	p := start(t, 2, args("--threads", "2"))
	p.mix(20)
	p.idle()
	before := p.holds()
	p.mix(1000)
	p.idle()
	p.eventually("what highball and its workers hold is as before", func() bool { return p.holds() == before })
	if left, err := os.ReadDir(p.tmp); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func (p *program) mix(count int) {
	kinds := []func() answer{
		func() answer { return p.get("/") },
		func() answer { return p.get("/raises") },
		func() answer { return p.get("/much?blocks=4") },
		func() answer {
			return p.request(context.Background(), "POST", "/read", strings.NewReader(strings.Repeat("x", 200000)))
		},
		func() answer { return p.request(context.Background(), "POST", "/", strings.NewReader("not read")) },
		func() answer { return p.leaves("/much?blocks=1000") },
		func() answer {
			return p.request(context.Background(), "POST", "/read", io.NopCloser(strings.NewReader("chunked")))
		},
	}
	turns := make(chan int)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for turn := range turns {
				if a := kinds[turn%len(kinds)](); a.err != nil || a.status >= 502 {
					p.t.Errorf("request %d: %d, %v", turn, a.status, a.err)
				}
			}
		})
	}
	for turn := range count {
		turns <- turn
	}
	close(turns)
	clients.Wait()
}

// leaves reads the beginning of a response and goes.
func (p *program) leaves(path string) answer {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address()+path, nil)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	_, err = io.ReadFull(resp.Body, make([]byte, 1000))
	return answer{status: resp.StatusCode, err: err}
}

// idle waits until no client is connected and no slot is busy.
func (p *program) idle() {
	p.t.Helper()
	p.eventually("all connections are closed", func() bool { return p.connections() == 0 })
}

// holds describes the descriptors and the processes of highball and below it.
func (p *program) holds() string {
	below := p.descendants()
	text := fmt.Sprintf("%d files", openFiles(p.cmd.Process.Pid))
	for _, zygote := range below[p.cmd.Process.Pid] {
		text += fmt.Sprintf(", zygote %d files", openFiles(zygote))
		for _, worker := range below[zygote] {
			text += fmt.Sprintf(", worker %d files %d children", openFiles(worker), len(below[worker]))
		}
	}
	return text
}

func openFiles(pid int) int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries)
}
