package highball

import (
	"net/http"
	"sync"
	"time"

	"highball/internal/front"
)

// gate holds requests back while new code is on its way, so that nobody who has seen a
// file saved is answered by what was there before.
type gate struct {
	limit time.Duration // for how long; 0: no limit

	mu     sync.Mutex
	opened chan struct{} // closed when the gate opens; nil: it is open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// around has requests pass the gate.
func (g *gate) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.wait(r)
		next.ServeHTTP(w, r)
	})
}

// wait returns when the gate is open, the client has left, or it has taken too long.
func (g *gate) wait(r *http.Request) {
	var over <-chan time.Time
	ctx := front.WhileQueued(r.Context())
	for {
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		if opened == nil {
			return
		}
		if over == nil && g.limit > 0 {
			timer := time.NewTimer(g.limit)
			defer timer.Stop()
			over = timer.C
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return
		case <-over:
			return
		}
	}
}
