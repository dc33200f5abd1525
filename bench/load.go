package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// load is what one round of requests came to.
type load struct {
	PerSecond float64 `json:"per_second"`
	CPU       float64 `json:"cpu_us"`     // of the server's processes, per request
	Median    float64 `json:"latency_us"` // of one request
}

// put sends requests over so many connections for so long. Each response's
// status and length are checked.
func (s *server) put(ctx context.Context, path string, connections int, d time.Duration) (load, error) {
	clients := make([]*client, connections)
	var want int64
	for i := range clients {
		c, err := dial(s.addr)
		if err != nil {
			return load{}, err
		}
		defer c.Close()
		if want, err = c.ask(getRequest(path)); err != nil {
			return load{}, err
		}
		clients[i] = c
	}
	before, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	began := time.Now()
	times, err := askFor(ctx, clients, path, want, began.Add(d))
	took := time.Since(began)
	if err != nil {
		return load{}, err
	}
	after, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	slices.Sort(times)
	n := float64(len(times))
	return load{
		PerSecond: n / took.Seconds(),
		CPU:       float64((after - before).Microseconds()) / n,
		Median:    float64(times[len(times)/2].Nanoseconds()) / 1000,
	}, nil
}

// askFor has all clients ask until the end, and returns the time of each request.
func askFor(ctx context.Context, clients []*client, path string, want int64, end time.Time) ([]time.Duration, error) {
	var wg sync.WaitGroup
	all := make([][]time.Duration, len(clients))
	errs := make([]error, len(clients))
	for i, c := range clients {
		_ = c.SetDeadline(end.Add(answerTimeout))
		wg.Go(func() { all[i], errs[i] = c.askUntil(ctx, path, want, end) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(all...), ctx.Err()
}

func (c *client) askUntil(ctx context.Context, path string, want int64, end time.Time) (times []time.Duration, err error) {
	request := getRequest(path)
	for now := time.Now(); now.Before(end) && ctx.Err() == nil; {
		length, err := c.ask(request)
		if err != nil {
			return nil, err
		}
		if length != want {
			return nil, fmt.Errorf("a body of %d bytes, the first had %d", length, want)
		}
		then := now
		now = time.Now()
		times = append(times, now.Sub(then))
	}
	return times, nil
}
