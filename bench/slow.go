package main

import (
	"context"
	"fmt"
	"time"
)

// The slow clients of one kind beside a quick one, which asks at a fixed rate and
// gives a request up when it takes too long.
const (
	slowClients = 500
	slowRate    = 300.0
	slowLimit   = 2 * time.Second
	slowRounds  = 3   // at most: each has servers of its own
	maxSlow     = 1.5 // of the quiet p99
)

// besideSlow is what the quick client got: p99s in which a request that failed
// counts with the time until it was given up.
type besideSlow struct {
	failed       float64 // of all, in %
	quiet, noisy time.Duration
}

func measureSlow(ctx context.Context, b *bench) (rows []row, err error) {
	for _, k := range slowKinds() {
		rounds := map[serverKind][]besideSlow{}
		for range min(b.rounds, slowRounds) {
			for _, kind := range b.allServers() {
				got, err := b.besideSlowOnes(ctx, kind, k)
				if err != nil {
					return nil, err
				}
				rounds[kind] = append(rounds[kind], got)
			}
		}
		rows = append(rows, slowRows(k, rounds)...)
	}
	return rows, nil
}

func slowRows(k slowKind, rounds map[serverKind][]besideSlow) []row {
	beside := fmt.Sprintf("beside %d that slowly %s: ", slowClients, k.name)
	failed := newRow("slow", beside+"requests that failed", "%", rounds, func(s besideSlow) float64 { return s.failed })
	quiet := newRow("slow", "the same server without them: p99", "ms", rounds, func(s besideSlow) float64 { return milliseconds(s.quiet) })
	noisy := newRow("slow", beside+"p99", "ms", rounds, func(s besideSlow) float64 { return milliseconds(s.noisy) })
	noisy.Verdicts = append(noisy.Verdicts, verdict{
		fmt.Sprintf("at most %g times the one without them", maxSlow), noisy.Medians[highball] <= maxSlow*quiet.Medians[highball],
	})
	return []row{failed.atMost(0), quiet, noisy}
}

// besideSlowOnes measures a server that has just begun: what the slow ones of
// another round have left behind is not to count.
func (b *bench) besideSlowOnes(ctx context.Context, kind serverKind, k slowKind) (got besideSlow, err error) {
	s, err := b.start(ctx, kind, "big", "/?0")
	if err != nil {
		return got, err
	}
	defer s.stop()
	_, got.quiet = quickClient(ctx, s.addr, b.duration)
	leave := k.come(ctx, s.addr, slowClients)
	defer leave()
	got.failed, got.noisy = quickClient(ctx, s.addr, b.duration)
	return got, ctx.Err()
}

// quickClient returns how many of its requests failed, in %, and the p99 of all.
func quickClient(ctx context.Context, addr string, d time.Duration) (failed float64, p99 time.Duration) {
	requests := evenly(max(1, int(slowRate*d.Seconds())), slowRate, "/?0")
	for i := range requests {
		requests[i].limit = slowLimit
	}
	openLoop(ctx, addr, requests)
	var times []time.Duration
	for _, r := range requests {
		if times = append(times, r.took); r.err != nil || r.status != 200 {
			failed++
		}
	}
	return 100 * failed / float64(len(requests)), percentile(times, 99)
}
