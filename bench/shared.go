package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// The memory of preloaded workers: what the application leaves shared of what was
// imported before the fork. PSS counts a page that n processes share as 1/n in each.
const (
	sharedWorkers     = 8
	sharedRequests    = 10_000
	sharedConnections = 32
	maxShared         = 0.6 // of gunicorn's, all processes together
)

func measureMemory(ctx context.Context, b *bench) ([]row, error) {
	own := *b
	own.workers, own.preload = sharedWorkers, true
	fresh, collected := map[serverKind][]float64{}, map[serverKind][]float64{}
	for _, kind := range b.servers {
		before, after, err := own.pssAfterLoad(ctx, kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		fresh[kind] = []float64{float64(before) / (1 << 20)}
		collected[kind] = []float64{float64(after) / (1 << 20)}
	}
	same := func(f float64) float64 { return f }
	measure := fmt.Sprintf("PSS of %d preloaded Django workers and their parents after %d requests", sharedWorkers, sharedRequests)
	return []row{
		newRow("memory", measure, "MiB", fresh, same),
		newRow("memory", "and once each has run a full garbage collection", "MiB", collected, same).ratioAtMost(maxShared),
	}, nil
}

func (b *bench) pssAfterLoad(ctx context.Context, kind serverKind) (fresh, collected int64, err error) {
	s, err := b.start(ctx, kind, "django_page", "/")
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	if err := s.askTimes(ctx, sharedRequests, sharedConnections, "/"); err != nil {
		return 0, 0, err
	}
	if fresh, err = s.pss(); err != nil {
		return 0, 0, err
	}
	if err := s.collectAll(ctx); err != nil {
		return 0, 0, err
	}
	collected, err = s.pss()
	return fresh, collected, err
}

// collectAll has each worker collect its garbage: it asks until all have answered.
func (s *server) collectAll(ctx context.Context) error {
	collected := map[string]bool{}
	for range 100 {
		requests := evenly(sharedWorkers, 1000, "/collect")
		openLoop(ctx, s.addr, requests)
		if err := allAnswered(requests); err != nil {
			return err
		}
		for _, r := range requests {
			collected[r.body] = true
		}
		if len(collected) == sharedWorkers {
			return nil
		}
	}
	return fmt.Errorf("only %d workers have answered", len(collected))
}

// askTimes sends so many requests, so many at a time. A connection has few of them:
// with some servers it belongs to a worker, and each is to get its share.
func (s *server) askTimes(ctx context.Context, n, connections int, path string) error {
	const each = 5
	failed := make(chan error, connections)
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			for range n / connections / each {
				if err := s.askFew(each, path); err != nil || ctx.Err() != nil {
					failed <- errors.Join(err, ctx.Err())
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

func (s *server) askFew(n int, path string) error {
	c, err := dial(s.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for range n {
		if _, err := c.ask(getRequest(path)); err != nil {
			return err
		}
	}
	return nil
}

// pss is what the server's processes take of the machine's memory, in bytes.
func (s *server) pss() (total int64, err error) {
	processes, err := tree(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	for _, p := range processes {
		size, err := pssOf(p.pid)
		if err != nil {
			return 0, err
		}
		total += size
	}
	return total, nil
}

func pssOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no Pss", pid)
}
