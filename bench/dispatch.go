package main

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// The uneven work: so many requests a second, of which some wait for long. With 2
// workers of 8 threads 12.7 of 16 are busy on average.
const (
	unevenRate  = 400.0
	unevenShare = 0.075
	quickWait   = 2 * time.Millisecond
	longWait    = 400 * time.Millisecond

	maxUneven = 1.1 // of what an ideal single queue gives
)

// ideal is the column of a simulation.
const ideal serverKind = "ideal"

func unevenRequests(d time.Duration, seed uint64) (requests []asked, long []bool) {
	requests = evenly(int(d.Seconds()*unevenRate), unevenRate, fmt.Sprintf("/?%d", quickWait.Milliseconds()))
	random := rand.New(rand.NewPCG(seed, 0))
	long = make([]bool, len(requests))
	for i := range requests {
		if random.Float64() < unevenShare {
			long[i], requests[i].path = true, fmt.Sprintf("/?%d", longWait.Milliseconds())
		}
	}
	return requests, long
}

func quickOnes(requests []asked, long []bool) (times []time.Duration) {
	for i, r := range requests {
		if !long[i] {
			times = append(times, r.took)
		}
	}
	return times
}

// simulate gives the requests to the first free of so many threads, in order.
func simulate(requests []asked, long []bool, threads int) {
	free := make(freeAt, threads)
	for i := range requests {
		r := &requests[i]
		begin := max(r.at, free[0])
		service := quickWait
		if long[i] {
			service = longWait
		}
		free[0] = begin + service
		heap.Fix(&free, 0)
		r.took = begin + service - r.at
	}
}

// freeAt is a heap of the times at which threads become free.
type freeAt []time.Duration

func (f freeAt) Len() int           { return len(f) }
func (f freeAt) Less(i, j int) bool { return f[i] < f[j] }
func (f freeAt) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *freeAt) Push(any)          {}
func (f *freeAt) Pop() any          { return nil }

func measureUneven(ctx context.Context, b *bench) ([]row, error) {
	peers := *b
	peers.workers, peers.threads = 2, 8
	p99s := map[serverKind][]time.Duration{}
	servers, stop, err := peers.startAll(ctx, peers.allServers(), "waits", "/?0")
	defer stop()
	if err != nil {
		return nil, err
	}
	for round := range b.rounds {
		for _, s := range servers {
			requests, long := unevenRequests(2*b.duration, uint64(round))
			openLoop(ctx, s.addr, requests)
			if err := allAnswered(requests); err != nil && s.kind == highball { // of a peer the times tell
				return nil, err
			}
			p99s[s.kind] = append(p99s[s.kind], percentile(quickOnes(requests, long), 99))
		}
		requests, long := unevenRequests(2*b.duration, uint64(round))
		simulate(requests, long, peers.workers*peers.threads)
		p99s[ideal] = append(p99s[ideal], percentile(quickOnes(requests, long), 99))
	}
	r := newRow("uneven", "quick ones beside slow ones, p99", "ms", p99s, milliseconds)
	r.Verdicts = append(r.Verdicts, verdict{
		fmt.Sprintf("at most %g of ideal", maxUneven), r.Medians[highball] <= maxUneven*r.Medians[ideal],
	})
	return []row{r}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// The load over capacity: three times what 16 threads serve of 20 ms each, as
// measured just before with always something in the queue.
const (
	overloadWait  = 20 * time.Millisecond
	overloadQueue = time.Second // --queue-timeout
	overloadTimes = 3.0
	saturating    = 48 // connections that never pause
	minSustained  = 95 // % of the maximum
)

func measureOverload(ctx context.Context, b *bench) ([]row, error) {
	own := *b
	own.workers, own.threads = 2, 8
	own.flags = []string{"--queue-timeout", "1", "--queue-size", "100000"}
	path := fmt.Sprintf("/?%d", overloadWait.Milliseconds())
	s, err := own.start(ctx, highball, "waits", "/?0")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	most, err := s.put(ctx, path, saturating, b.duration)
	if err != nil {
		return nil, err
	}
	capacity := most.PerSecond
	requests := evenly(int(5*capacity*overloadTimes), capacity*overloadTimes, path)
	openLoop(ctx, s.addr, requests)
	var served, refused []time.Duration
	for _, r := range requests {
		switch {
		case r.err != nil:
			return nil, r.err
		case r.status == http.StatusOK:
			served = append(served, r.took)
		case r.status == http.StatusServiceUnavailable:
			refused = append(refused, r.took)
		default:
			return nil, fmt.Errorf("answered %d", r.status)
		}
	}
	lasted := requests[len(requests)-1].at + overloadQueue // the queue is served to its end
	return []row{
		single("overload", "three times the capacity: served, p99", "ms", milliseconds(percentile(served, 99))).
			atMost(milliseconds(2 * overloadQueue)),
		single("overload", "refused, p99", "ms", milliseconds(percentile(refused, 99))).atMost(milliseconds(2 * overloadQueue)),
		single("overload", "served, of the maximum without overload", "%", 100*float64(len(served))/lasted.Seconds()/capacity).
			atLeast(minSustained),
		single("overload", "that maximum, of 16 threads that wait 20 ms", "requests/s", capacity),
	}, nil
}

// The evenness: so many equal requests over so many workers.
const (
	evenWorkers  = 12
	evenRequests = 5000
	maxBusiest   = 1.2 // of the mean
)

func measureEvenness(ctx context.Context, b *bench) ([]row, error) {
	own := *b
	own.workers, own.threads = evenWorkers, 4
	shares := map[serverKind][]float64{}
	for _, kind := range []serverKind{highball, gunicorn} {
		if kind == gunicorn && !b.peer {
			continue
		}
		s, err := own.start(ctx, kind, "waits", "/?5")
		if err != nil {
			return nil, err
		}
		requests := evenly(evenRequests, 400, "/?5")
		openLoop(ctx, s.addr, requests)
		s.stop()
		if err := allAnswered(requests); err != nil {
			return nil, err
		}
		of := map[string]int{}
		most := 0
		for _, r := range requests {
			of[r.body]++
			most = max(most, of[r.body])
		}
		shares[kind] = []float64{float64(most) * evenWorkers / evenRequests}
	}
	r := newRow("evenness", "requests of the busiest of 12 workers, of the mean", "times", shares, func(f float64) float64 { return f })
	return []row{r.atMost(maxBusiest)}, nil
}
