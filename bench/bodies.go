package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The bodies that are sent and read again and again.
const (
	uploadSize        = 64 << 10
	uploadConnections = 16

	downloadSize        = 64 << 20
	downloadConnections = 4
)

// exchange is one request of a client and its whole answer.
type exchange func(c *client) error

func measureUploads(ctx context.Context, b *bench) ([]row, error) {
	servers, stop, err := b.startAll(ctx, b.bodyServers(), "bodies", "/?0")
	defer stop()
	if err != nil {
		return nil, err
	}
	loads, err := b.interleave(servers, func(s *server, d time.Duration) (load, error) {
		return s.pass(ctx, uploading(), uploadConnections, d)
	})
	if err != nil {
		return nil, err
	}
	return []row{
		newRow("uploads", "64 KiB: throughput", "requests/s", loads, perSecond),
		newRow("uploads", "64 KiB: CPU per request", "us", loads, func(l load) float64 { return l.CPU }),
	}, nil
}

// measureDownloads has the same bytes come from a generator, and from a file where
// the server has a wsgi.file_wrapper.
func measureDownloads(ctx context.Context, b *bench) ([]row, error) {
	own := *b
	file := filepath.Join(b.dir, "download")
	own.env = []string{"BENCH_FILE=" + file}
	if err := os.WriteFile(file, make([]byte, downloadSize), 0o600); err != nil {
		return nil, err
	}
	servers, stop, err := own.startAll(ctx, b.bodyServers(), "bodies", "/?0")
	defer stop()
	if err != nil {
		return nil, err
	}
	rows, err := b.downloads(ctx, servers, "by a generator", fmt.Sprintf("/?%d", downloadSize))
	if err != nil {
		return nil, err
	}
	var with []*server
	for _, s := range servers {
		if has, err := s.hasFileWrapper(ctx); err != nil {
			return nil, err
		} else if has {
			with = append(with, s)
		}
	}
	byFile, err := b.downloads(ctx, with, "by wsgi.file_wrapper", "/file")
	return append(rows, byFile...), err
}

func (b *bench) downloads(ctx context.Context, servers []*server, how, path string) ([]row, error) {
	loads, err := b.interleave(servers, func(s *server, d time.Duration) (load, error) {
		return s.pass(ctx, getting(path, downloadSize), downloadConnections, d)
	})
	if err != nil {
		return nil, err
	}
	measure := "64 MiB " + how + ": "
	return []row{
		newRow("downloads", measure+"throughput", "requests/s", loads, perSecond),
		newRow("downloads", measure+"speed", "MiB/s", loads, func(l load) float64 { return l.PerSecond * (downloadSize >> 20) }),
		newRow("downloads", measure+"CPU per request", "ms", loads, func(l load) float64 { return l.CPU / 1000 }),
	}, nil
}

// hasFileWrapper asks the application whether its environ has one.
func (s *server) hasFileWrapper(ctx context.Context) (bool, error) {
	requests := evenly(1, 1, "/wrapper")
	openLoop(ctx, s.addr, requests)
	switch r := requests[0]; r.status {
	case http.StatusOK:
		return true, nil
	case http.StatusNotImplemented:
		return false, nil
	default:
		return false, errors.Join(fmt.Errorf("%s: answered %d", s.kind, r.status), r.err)
	}
}

// uploading sends a body of uploadSize, of which the application says the length.
func uploading() exchange {
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: bench.example\r\nContent-Length: %d\r\n\r\n", uploadSize)
	request := append([]byte(head), bytes.Repeat([]byte("x"), uploadSize)...)
	want := strconv.Itoa(uploadSize)
	return func(c *client) error {
		if _, err := c.Write(request); err != nil {
			return err
		}
		return c.expect(want)
	}
}

// getting asks for a body of so many bytes.
func getting(path string, want int64) exchange {
	request := getRequest(path)
	return func(c *client) error {
		length, err := c.ask(request)
		if err == nil && length != want {
			err = fmt.Errorf("a body of %d bytes, want %d", length, want)
		}
		return err
	}
}

// pass repeats an exchange over so many connections for so long.
func (s *server) pass(ctx context.Context, one exchange, connections int, d time.Duration) (load, error) {
	clients := make([]*client, connections)
	for i := range clients {
		c, err := dial(s.addr)
		if err != nil {
			return load{}, err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(d + answerTimeout))
		clients[i] = c
	}
	return s.measure(func(began time.Time) ([]time.Duration, error) {
		return passAll(ctx, clients, one, began.Add(d))
	})
}

// passAll has each client repeat the exchange until the end, in a goroutine of its own.
func passAll(ctx context.Context, clients []*client, one exchange, end time.Time) ([]time.Duration, error) {
	var wg sync.WaitGroup
	times := make([][]time.Duration, len(clients))
	errs := make([]error, len(clients))
	for i, c := range clients {
		wg.Go(func() { times[i], errs[i] = c.repeat(ctx, one, end) })
	}
	wg.Wait()
	return slices.Concat(times...), errors.Join(errors.Join(errs...), ctx.Err())
}

// repeat makes at least one exchange, and returns the time of each.
func (c *client) repeat(ctx context.Context, one exchange, end time.Time) (times []time.Duration, err error) {
	for now := time.Now(); ; {
		if err := one(c); err != nil {
			return times, err
		}
		then := now
		now = time.Now()
		if times = append(times, now.Sub(then)); !now.Before(end) || ctx.Err() != nil {
			return times, nil
		}
	}
}
