//go:build !linux

package main

import (
	"context"
	"time"
)

// askFor has all clients ask until the end, and returns the time of each request.
func askFor(ctx context.Context, clients []*client, path string, want int64, end time.Time) ([]time.Duration, error) {
	return passAll(ctx, clients, getting(path, want), end)
}
