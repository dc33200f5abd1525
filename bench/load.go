package main

import (
	"context"
	"slices"
	"time"
)

// load is what one round of requests came to.
type load struct {
	PerSecond float64 `json:"per_second"`
	CPU       float64 `json:"cpu_us"`     // of the server's processes, per request
	Front     float64 `json:"front_us"`   // of the first of them alone
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
	return s.measure(func(began time.Time) ([]time.Duration, error) {
		return askFor(ctx, clients, path, want, began.Add(d))
	})
}

// measure has requests sent, of which it is told the times, and says what they cost.
func (s *server) measure(send func(began time.Time) ([]time.Duration, error)) (load, error) {
	before, frontBefore, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	began := time.Now()
	times, err := send(began)
	took := time.Since(began)
	if err != nil {
		return load{}, err
	}
	after, frontAfter, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	slices.Sort(times)
	n := float64(len(times))
	return load{
		PerSecond: n / took.Seconds(),
		CPU:       float64((after - before).Microseconds()) / n,
		Front:     float64((frontAfter - frontBefore).Microseconds()) / n,
		Median:    float64(times[len(times)/2].Nanoseconds()) / 1000,
	}, nil
}
