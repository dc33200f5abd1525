//go:build !linux

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

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
