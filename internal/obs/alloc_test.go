//go:build !race

package obs

import (
	"io"
	"log/slog"
	"testing"
)

// The budget of a request: the attributes past the five that a slog.Record holds
// in itself take one allocation, and a record that is not printed takes none. The
// race detector empties pools at random, so it is left out there.
func TestAccessAllocs(t *testing.T) {
	r := sample()
	tests := []struct {
		name string
		l    *slog.Logger
		max  float64
	}{
		{"text", NewAccessLogger(io.Discard, "text"), 1},
		{"json", NewAccessLogger(io.Discard, "json"), 8},
		{"off", slog.New(slog.DiscardHandler), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(200, func() { r.LogTo(t.Context(), tt.l) }); n > tt.max {
				t.Errorf("got %v allocations, want at most %v", n, tt.max)
			}
		})
	}
}
