package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// compare puts the same load on all servers.
func (b *bench) compare(ctx context.Context, app, path string, connections int) (map[serverKind][]load, error) {
	servers, stop, err := b.startAll(ctx, b.servers, app, path)
	defer stop()
	if err != nil {
		return nil, err
	}
	return b.interleave(servers, func(s *server, d time.Duration) (load, error) {
		return s.put(ctx, path, connections, d)
	})
}

// interleave loads running servers in turn, so that what else the machine does meets
// each alike.
func (b *bench) interleave(servers []*server, put func(*server, time.Duration) (load, error)) (map[serverKind][]load, error) {
	for _, s := range servers {
		if _, err := put(s, b.warmUp); err != nil {
			return nil, fmt.Errorf("%s: %w", s.kind, err)
		}
	}
	loads := map[serverKind][]load{}
	for range b.rounds {
		for _, s := range servers {
			l, err := put(s, b.duration)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.kind, err)
			}
			loads[s.kind] = append(loads[s.kind], l)
		}
	}
	return loads, nil
}

// The targets of the table.
const (
	maxHelloCPU   = 40.0 // us per request, of the whole tree
	maxHelloShare = 0.4  // of gunicorn's CPU
	minFlaskSpeed = 1.8  // of gunicorn's throughput
)

func measureHello(ctx context.Context, b *bench) ([]row, error) {
	loads, err := b.compare(ctx, "hello", "/", b.connections)
	if err != nil {
		return nil, err
	}
	cpu := newRow("hello", "CPU per request", "us", loads, func(l load) float64 { return l.CPU })
	rows := []row{
		newRow("hello", "throughput", "requests/s", loads, perSecond),
		cpu.atMost(maxHelloCPU).ratioAtMost(maxHelloShare),
		newRow("hello", "CPU per request of the front", "us", fronts(loads), func(l load) float64 { return l.Front }),
	}
	if saved := cheaper(loads); len(saved) > 0 {
		rows = append(rows, newRow("hello", "CPU per request less than the baseline's in the same round", "us",
			map[serverKind][]float64{highball: saved}, func(us float64) float64 { return us }))
	}
	return rows, nil
}

// fronts are the loads of the servers that have a front of ours.
func fronts(loads map[serverKind][]load) map[serverKind][]load {
	ours := maps.Clone(loads)
	maps.DeleteFunc(ours, func(kind serverKind, _ []load) bool { return kind != highball && kind != baseline })
	return ours
}

// cheaper is how much less CPU a request took than with the baseline, each round
// by itself: what the machine did meanwhile met both.
func cheaper(loads map[serverKind][]load) (saved []float64) {
	for i, before := range loads[baseline] {
		saved = append(saved, before.CPU-loads[highball][i].CPU)
	}
	return saved
}

func measureFlask(ctx context.Context, b *bench) ([]row, error) {
	loads, err := b.compare(ctx, "flask_json", "/", b.connections)
	if err != nil {
		return nil, err
	}
	speed := newRow("flask", "throughput", "requests/s", loads, perSecond)
	return []row{
		speed.ratioAtLeast(minFlaskSpeed),
		newRow("flask", "CPU per request", "us", loads, func(l load) float64 { return l.CPU }),
	}, nil
}

func measureLatency(ctx context.Context, b *bench) ([]row, error) {
	loads, err := b.compare(ctx, "hello", "/", 1)
	if err != nil {
		return nil, err
	}
	return []row{
		newRow("latency", "one connection, median", "us", loads, func(l load) float64 { return l.Median }),
		newRow("latency", "one connection", "requests/s", loads, perSecond),
	}, nil
}

func perSecond(l load) float64 { return l.PerSecond }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
