package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// asked is one request of an open loop: it is sent when its time has come,
// whatever became of those before it.
type asked struct {
	at     time.Duration // since the beginning
	path   string
	limit  time.Duration // for the answer; 0: answerTimeout
	took   time.Duration // from at to the end of the answer
	status int           // 0: there was none
	body   string
	err    error
}

// openLoop sends the requests, each over a connection that is idle or a new one.
func openLoop(ctx context.Context, addr string, requests []asked) {
	idle := make(chan *httpClient, len(requests))
	var wg sync.WaitGroup
	began := time.Now()
	for i := range requests {
		r := &requests[i]
		if wait := r.at - time.Since(began); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			r.ask(addr, idle)
			r.took = time.Since(began) - r.at
		})
	}
	wg.Wait()
	close(idle)
	for c := range idle {
		_ = c.Close()
	}
}

// httpClient is one connection whose answers are read in full, of any status.
type httpClient struct {
	net.Conn
	in *bufio.Reader
}

func (r *asked) ask(addr string, idle chan *httpClient) {
	var c *httpClient
	select {
	case c = <-idle:
	default:
		conn, err := net.DialTimeout("tcp", addr, cmp.Or(r.limit, answerTimeout))
		if err != nil {
			r.err = err
			return
		}
		c = &httpClient{conn, bufio.NewReader(conn)}
	}
	keep, err := r.over(c)
	if r.err = err; err == nil && keep {
		idle <- c
	} else {
		_ = c.Close()
	}
}

func (r *asked) over(c *httpClient) (keep bool, err error) {
	_ = c.SetDeadline(time.Now().Add(cmp.Or(r.limit, answerTimeout)))
	if _, err := c.Write(getRequest(r.path)); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(res.Body)
	r.status, r.body = res.StatusCode, string(body)
	return !res.Close, err
}

// evenly are n requests for one path at a rate.
func evenly(n int, perSecond float64, path string) []asked {
	requests := make([]asked, n)
	for i := range requests {
		requests[i] = asked{at: time.Duration(float64(i) / perSecond * float64(time.Second)), path: path}
	}
	return requests
}

// percentile is the pth of the values, which are sorted here.
func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(p/100*float64(len(values))))]
}

// allAnswered fails unless each request was answered 200.
func allAnswered(requests []asked) error {
	for _, r := range requests {
		if r.err != nil || r.status != http.StatusOK {
			return fmt.Errorf("%s was answered %d, %w", r.path, r.status, r.err)
		}
	}
	return nil
}
