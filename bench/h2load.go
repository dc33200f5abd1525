package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// multiplexed are the connections of HTTP/2 and the streams of each.
const (
	multiplexed = 8
	streams     = 32
)

// minH2Speed is of Granian's requests/s over HTTP/2 with TLS.
const minH2Speed = 1.5

// measureHTTPS has HTTP/1.1 over TLS, with connections that are kept.
func measureHTTPS(ctx context.Context, b *bench) ([]row, error) {
	loads, err := b.h2load(ctx, "--h1", "-c", strconv.Itoa(b.connections), "-m", "1")
	if err != nil {
		return nil, err
	}
	return []row{
		newRow("https", "HTTP/1.1, keep-alive: throughput", "requests/s", loads, perSecond),
		newRow("https", "HTTP/1.1, keep-alive: CPU per request", "us", loads, func(l load) float64 { return l.CPU }),
	}, nil
}

// measureH2 has many streams on few connections.
func measureH2(ctx context.Context, b *bench) ([]row, error) {
	loads, err := b.h2load(ctx, "-c", strconv.Itoa(multiplexed), "-m", strconv.Itoa(streams))
	if err != nil {
		return nil, err
	}
	speed := newRow("h2", fmt.Sprintf("%d streams on each of %d connections: throughput", streams, multiplexed), "requests/s", loads, perSecond)
	return []row{
		speed.shareAtLeast(granian, "Granian's", minH2Speed),
		newRow("h2", "CPU per request", "us", loads, func(l load) float64 { return l.CPU }),
	}, nil
}

// h2load has that program put the same load on all servers that speak TLS.
func (b *bench) h2load(ctx context.Context, flags ...string) (map[serverKind][]load, error) {
	if _, err := exec.LookPath("h2load"); err != nil {
		return nil, errors.New("h2load is not installed: on Debian it is in nghttp2-client")
	}
	own, err := b.secure()
	if err != nil {
		return nil, err
	}
	servers, stop, err := own.startAll(ctx, own.secureServers(), "hello", "/")
	defer stop()
	if err != nil {
		return nil, err
	}
	return b.interleave(servers, func(s *server, d time.Duration) (load, error) {
		return s.runH2load(ctx, d, flags)
	})
}

var h2loadDone = regexp.MustCompile(`requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored`)

func (s *server) runH2load(ctx context.Context, d time.Duration, flags []string) (load, error) {
	args := append([]string{"-t", "1", "-D", fmt.Sprintf("%dms", d.Milliseconds())}, flags...)
	before, frontBefore, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	out, err := exec.CommandContext(ctx, "h2load", append(args, "https://"+s.addr+"/")...).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("h2load: %w\n%s", err, out)
	}
	after, frontAfter, err := s.cpu()
	if err != nil {
		return load{}, err
	}
	found := h2loadDone.FindSubmatch(out)
	if found == nil {
		return load{}, fmt.Errorf("h2load said what is not understood:\n%s", out)
	}
	n, _ := strconv.ParseFloat(string(found[2]), 64)
	if n == 0 || string(found[3]) != "0" {
		return load{}, fmt.Errorf("requests failed:\n%s", out)
	}
	return load{
		PerSecond: n / d.Seconds(),
		CPU:       float64((after - before).Microseconds()) / n,
		Front:     float64((frontAfter - frontBefore).Microseconds()) / n,
	}, nil
}
