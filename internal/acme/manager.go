package acme

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/caddyserver/certmagic"
)

// Manager has certificates and keeps them valid. Nothing of it is shared with other
// Managers of the process but what certmagic shares: how often it asks one authority,
// and the challenges that it is in.
type Manager struct {
	opts    Options
	storage *storage
	issuer  certmagic.Issuer
	acme    *certmagic.ACMEIssuer // nil with another issuer
	answers *certmagic.Config     // knows the challenges that are going on
	limit   *limiter
	guard   guard

	ctx  context.Context
	end  context.CancelFunc
	done sync.WaitGroup

	mu   sync.RWMutex
	kept map[string]*kept // by name, lower case
}

// New makes the directory and says whether it can be used. Start begins the work.
func New(opts Options) (*Manager, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	store, err := openStorage(opts.Dir)
	if err != nil {
		return nil, err
	}
	m := &Manager{opts: opts, storage: store, kept: map[string]*kept{}, limit: newLimiter(demandBurst, demandEvery)}
	m.ctx, m.end = context.WithCancel(context.Background())
	cache := m.newCache()
	cache.Stop() // nothing is put there
	m.answers = m.newConfig(cache)
	for _, name := range opts.Names {
		m.add(normal(name), false)
	}
	return m, nil
}

// Start serves at once what the directory has, and begins to get what it has not. It
// does not wait for an authority.
func (m *Manager) Start() {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, k := range m.kept {
		if err := k.load(m.ctx); err != nil {
			k.log.Debug("no certificate to begin with", "error", err)
		}
		m.done.Go(func() { k.run(m.ctx) })
	}
}

// Close ends all work and gives the locks back.
func (m *Manager) Close() {
	m.mu.Lock()
	m.end()
	m.mu.Unlock()
	m.done.Wait()
	m.guard.close()
	for _, k := range m.kept {
		k.cache.Stop()
	}
}

// add has a name kept; mu is held, or nobody else knows the Manager yet.
func (m *Manager) add(name string, onDemand bool) *kept {
	k := m.newKept(name, onDemand)
	m.kept[name] = k
	return k
}

// find returns who keeps a certificate for a host: of its own name, or of a pattern.
func (m *Manager) find(name string) *kept {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if k := m.kept[name]; k != nil {
		return k
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		return m.kept["*."+parent]
	}
	return nil
}

// Covers says whether this Manager is the one that has a host's certificate.
func (m *Manager) Covers(host string) bool {
	name := normal(host)
	return m.find(name) != nil || m.allows(name)
}

// normal is a name as certificates have it.
func normal(name string) string {
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.Unmap().String()
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// errNone is what a handshake fails with: the client gets an alert, never a certificate
// that nobody has reason to trust.
func errNone(name, why string) error {
	return fmt.Errorf("no certificate for %q: %s", name, why)
}
