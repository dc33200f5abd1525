package highball

import (
	"strings"
	"testing"
	"time"
)

func TestAttachedConfig(t *testing.T) {
	threads := &Attached{InThreads: true}
	tests := []struct {
		name string
		cfg  Config
		want string // of the error
	}{
		{"threads", Config{Attached: threads}, ""},
		{"threads, of many workers", Config{Attached: threads, Workers: 2}, "workers: 2: the application is served in threads"},
		{"threads that are replaced", Config{Attached: threads, MaxWorkerLifetime: time.Hour}, "replace a worker"},
		{"forks", Config{Attached: &Attached{}, Workers: 2, MaxRequests: 1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := tt.cfg.withDefaults()
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || !cfg.Preload || cfg.Attached.InThreads && cfg.Workers != 1 {
				t.Errorf("%v; %d workers, preload %v", err, cfg.Workers, cfg.Preload)
			}
		})
	}
}
