package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// The reloads under load: one a second, each by SIGHUP, which all peers know.
const (
	reloads     = 20
	reloadEvery = time.Second
	reloadRate  = 200.0 // requests a second, of 2 ms each
	quietTime   = 10 * time.Second
	maxReload   = 2.0 // of the quiet p99
)

// underReload is what became of a server's requests.
type underReload struct {
	failed         int
	quiet, reloads time.Duration // p99
}

func measureReload(ctx context.Context, b *bench) ([]row, error) {
	failed, quiet, during := map[serverKind][]float64{}, map[serverKind][]float64{}, map[serverKind][]float64{}
	for _, kind := range b.allServers() {
		u, err := b.reloadUnderLoad(ctx, kind)
		if err != nil {
			return nil, err
		}
		failed[kind] = []float64{float64(u.failed)}
		quiet[kind] = []float64{milliseconds(u.quiet)}
		during[kind] = []float64{milliseconds(u.reloads)}
	}
	same := func(f float64) float64 { return f }
	p99 := newRow("reload", fmt.Sprintf("p99 during %d reloads", reloads), "ms", during, same)
	p99.Verdicts = append(p99.Verdicts, verdict{
		fmt.Sprintf("at most %g times the quiet one", maxReload), p99.Medians[highball] <= maxReload*quiet[highball][0],
	})
	return []row{
		newRow("reload", "requests that failed", "", failed, same).atMost(0),
		newRow("reload", "quiet p99", "ms", quiet, same),
		p99,
	}, nil
}

func (b *bench) reloadUnderLoad(ctx context.Context, kind serverKind) (u underReload, err error) {
	s, err := b.start(ctx, kind, "waits", "/?0")
	if err != nil {
		return u, err
	}
	defer s.stop()
	path := fmt.Sprintf("/?%d", quickWait.Milliseconds())
	requests := evenly(int(quietTime.Seconds()*reloadRate), reloadRate, path)
	openLoop(ctx, s.addr, requests)
	failed, times := outcome(requests)
	if failed > 0 {
		return u, fmt.Errorf("%s: %d requests failed before the first reload", kind, failed)
	}
	u.quiet = percentile(times, 99)

	var reloading sync.WaitGroup
	reloading.Go(func() {
		every := time.NewTicker(reloadEvery)
		defer every.Stop()
		for range reloads {
			<-every.C
			_ = s.cmd.Process.Signal(syscall.SIGHUP)
		}
	})
	requests = evenly(int(((reloads+1)*reloadEvery).Seconds()*reloadRate), reloadRate, path)
	openLoop(ctx, s.addr, requests)
	reloading.Wait()
	u.failed, times = outcome(requests)
	u.reloads = percentile(times, 99)
	return u, nil
}

// outcome counts the requests without an answer of 200, and times the others.
func outcome(requests []asked) (failed int, times []time.Duration) {
	for _, r := range requests {
		if r.err != nil || r.status != http.StatusOK {
			failed++
		} else {
			times = append(times, r.took)
		}
	}
	return failed, times
}
