package highball

import (
	"context"

	"highball/internal/worker"
)

// Load loads the application as a worker would, in a process of its own that serves
// nothing, and returns what was loaded, as "shop.wsgi:application". The error is a
// [*LoadError] if it cannot be loaded. Of cfg it uses what [Check] does.
func Load(ctx context.Context, cfg Config) (application string, err error) {
	s, err := New(cfg)
	if err != nil {
		return "", err
	}
	ready, err := worker.RunScript(ctx, s.workerOptions(""), worker.Script{Role: "check", Config: map[string]any{"load_only": true}})
	return ready.Target, public(err)
}
