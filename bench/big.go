package main

import (
	"context"
	"fmt"
	"time"
)

// maxGrowth is how much each process may grow for a large body, in MiB.
const maxGrowth = 32.0

func measureResponse(ctx context.Context, b *bench) ([]row, error) {
	return b.large(ctx, "response", func(c *client, size int64) (float64, error) {
		return c.download(fmt.Sprintf("/?%d", size), size)
	})
}

func measureUpload(ctx context.Context, b *bench) ([]row, error) {
	return b.large(ctx, "upload", (*client).upload)
}

// large passes one large body through Highball, after a small one that has every
// code path loaded, and compares each process's peak with what it had before.
func (b *bench) large(ctx context.Context, name string, pass func(c *client, size int64) (float64, error)) ([]row, error) {
	size := b.size &^ (1<<16 - 1)
	s, err := b.start(ctx, highball, "big", "/?65536")
	if err != nil {
		return nil, err
	}
	defer s.stop()
	for range 4 * b.workers {
		if _, err := s.passOnce(pass, 1<<16); err != nil {
			return nil, err
		}
	}
	processes, err := tree(s.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	before := map[int]int64{}
	for _, p := range processes {
		if err := resetPeak(p.pid); err != nil {
			return nil, err
		}
		if before[p.pid], err = memory(p.pid, "VmRSS"); err != nil {
			return nil, err
		}
	}
	seconds, err := s.passOnce(pass, size)
	if err != nil {
		return nil, err
	}
	front, workers, err := growth(processes, before)
	if err != nil {
		return nil, err
	}
	mib := float64(size) / (1 << 20)
	return []row{
		single(name, fmt.Sprintf("speed of %.0f MiB", mib), "MiB/s", mib/seconds),
		single(name, "growth of the front", "MiB", front).atMost(maxGrowth),
		single(name, "growth of the Python processes, the largest", "MiB", workers).atMost(maxGrowth),
	}, nil
}

func (s *server) passOnce(pass func(c *client, size int64) (float64, error), size int64) (float64, error) {
	c, err := dial(s.addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	return pass(c, size)
}

// growth compares peaks: of the front, which is first, and of the other processes.
func growth(processes []process, before map[int]int64) (front, others float64, err error) {
	for i, p := range processes {
		peak, err := memory(p.pid, "VmHWM")
		if err != nil {
			return 0, 0, err
		}
		mib := float64(peak-before[p.pid]) / (1 << 20)
		if i == 0 {
			front = mib
		} else {
			others = max(others, mib)
		}
	}
	return front, others, nil
}

// maxStart is the time from the command to the first answer, in seconds.
const maxStart = 0.25

func measureStart(ctx context.Context, b *bench) ([]row, error) {
	times := map[serverKind][]float64{}
	for range b.starts {
		for _, kind := range b.servers {
			s, err := b.launch(kind, "hello")
			if err != nil {
				return nil, err
			}
			err = s.awaitAnswer(ctx, "/")
			times[kind] = append(times[kind], time.Since(s.began).Seconds())
			s.stop()
			if err != nil {
				return nil, fmt.Errorf("%w\n%s", err, s.said())
			}
		}
	}
	r := newRow("start", "to the first answer", "s", times, func(t float64) float64 { return t })
	return []row{r.atMost(maxStart)}, nil
}
