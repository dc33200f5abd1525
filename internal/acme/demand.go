package acme

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"sync"
	"time"
)

// What names on demand may cost. Whoever can reach the server can ask it for names.
const (
	demandBurst = 10              // so many new names at once,
	demandEvery = 2 * time.Minute // and then one more each
	demandMost  = 1000            // names of which there is something in memory
)

// allows says whether a certificate for the host may be got when it is asked for.
func (m *Manager) allows(host string) bool {
	return slices.ContainsFunc(m.opts.OnDemand, func(pattern string) bool {
		parent, isPattern := strings.CutPrefix(normal(pattern), "*.")
		if !isPattern {
			return host == normal(pattern)
		}
		label, rest, _ := strings.Cut(host, ".")
		return label != "" && label != "*" && rest == parent
	})
}

// demand returns the certificate of a name on demand, which is got now if there is none.
// k is who keeps it already, if somebody does.
func (m *Manager) demand(ctx context.Context, name string, k *kept) (*tls.Certificate, error) {
	if k == nil || k.isSpent() {
		if !m.allows(name) || checkName(name) != nil {
			return nil, errNone(name, "the name is neither configured nor allowed on demand")
		}
		var err error
		if k, err = m.begin(name); err != nil {
			return nil, err
		}
	}
	if cert := k.current.Load(); cert != nil {
		return cert, nil
	}
	return k.await(ctx)
}

// begin has a name kept that somebody asks for, if there may be another order.
func (m *Manager) begin(name string) (*kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tidy()
	if k := m.kept[name]; k != nil {
		return k, nil // another handshake was first
	}
	if m.ctx.Err() != nil {
		return nil, errNone(name, "the server stops")
	}
	if m.onDemand() >= demandMost {
		return nil, errNone(name, "too many names were asked for")
	}
	k := m.newKept(name, true)
	if err := k.load(m.ctx); err != nil && !m.limit.allow() {
		k.cache.Stop()
		m.opts.Logger.Warn("too many names on demand at once: one has to wait", "name", name)
		return nil, errNone(name, "too many new names are asked for: try again later")
	}
	m.kept[name] = k
	m.done.Go(func() { k.run(m.ctx) })
	return k, nil
}

func (m *Manager) onDemand() (n int) {
	for _, k := range m.kept {
		if k.onDemand {
			n++
		}
	}
	return n
}

// tidy forgets the names that could not be had and may be tried again.
func (m *Manager) tidy() {
	for _, k := range m.kept {
		if k.isSpent() {
			m.drop(k)
		}
	}
}

// isSpent says whether k has failed, and long enough ago that it may be asked for anew.
func (k *kept) isSpent() bool {
	select {
	case <-k.first:
		return k.failed != nil && time.Now().After(k.expires)
	default:
		return false
	}
}

func (m *Manager) forget(k *kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(k)
}

func (m *Manager) drop(k *kept) {
	if m.kept[k.name] == k {
		delete(m.kept, k.name)
		k.cache.Stop()
	}
}

// limiter is a bucket of tokens.
type limiter struct {
	mu    sync.Mutex
	burst float64
	every time.Duration
	left  float64
	since time.Time
}

func newLimiter(burst int, every time.Duration) *limiter {
	return &limiter{burst: float64(burst), every: every, left: float64(burst), since: time.Now()}
}

func (l *limiter) allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.left = min(l.burst, l.left+float64(now.Sub(l.since))/float64(l.every))
	l.since = now
	if l.left < 1 {
		return false
	}
	l.left--
	return true
}
