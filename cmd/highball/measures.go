//go:build !windows

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"highball/internal/obs"
	"highball/internal/settings"
	"highball/internal/statsd"
)

// measure has requests and lines of the log counted by statsd, if it is to.
func (l *logs) measure(v settings.Values) error {
	address := v.String("statsd")
	if address == "" {
		return nil
	}
	client, err := statsd.New(statsd.Options{
		Address: address, Prefix: v.String("statsd-prefix"), Tags: v.List("statsd-tags"), Logger: l.server,
	})
	if err != nil {
		return fmt.Errorf("statsd: %w", err)
	}
	l.statsd = client
	l.server = slog.New(client.Lines(l.server.Handler()))
	requests := client.Requests()
	if l.access != nil {
		requests = obs.Tee(l.access.Handler(), requests)
	}
	l.access = slog.New(requests)
	return nil
}

// gaugeEvery is how often statsd is told how many there are.
const gaugeEvery = time.Second

// gauge tells statsd of workers and of requests that wait, until ctx ends.
func (l logs) gauge(ctx context.Context, srv server) {
	if l.statsd == nil {
		return
	}
	ticker := time.NewTicker(gaugeEvery)
	defer ticker.Stop()
	select {
	case <-srv.Ready():
	case <-ctx.Done():
		return
	}
	for {
		h := srv.Health()
		l.statsd.Gauge("workers", int64(h.Ready))
		l.statsd.Gauge("backlog", int64(h.Waiting))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
