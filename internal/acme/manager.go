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

// New checks the options. It touches nothing: Open does, as the user that the server
// runs as.
func New(opts Options) (*Manager, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	m := &Manager{opts: opts, kept: map[string]*kept{}, limit: newLimiter(demandBurst, demandEvery)}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m, nil
}

// Open makes the directory, says whether it can be used, and has what is there served.
func (m *Manager) Open() error {
	var err error
	if m.storage, err = openStorage(m.opts.Dir); err != nil {
		return err
	}
	cache := m.newCache()
	cache.Stop() // nothing is put there
	m.answers = m.newConfig(cache)
	for _, name := range m.opts.Names {
		k := m.newKept(normal(name), false)
		m.kept[k.name] = k
		if err := k.load(m.ctx); err != nil {
			k.log.Debug("no certificate to begin with", "error", err)
		}
	}
	return nil
}

// Start begins to get what Open has not found, and to renew what it has. It does not wait
// for an authority, and is for when its questions can be answered.
func (m *Manager) Start() {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, k := range m.kept {
		if !k.onDemand {
			m.done.Go(func() { k.run(m.ctx) })
		}
	}
}

// Look has all certificates looked at now, and not when their time comes: what failed is
// tried again.
func (m *Manager) Look() {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, k := range m.kept {
		select {
		case k.now <- struct{}{}:
		default: // it will be, anyway
		}
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

// Has says whether a client that asks for a name, in lower case, is to be served by this
// Manager; "" is one that names none.
func (m *Manager) Has(name string) bool {
	return name == "" && len(m.opts.Names) > 0 || m.find(normal(name)) != nil || m.allows(normal(name)) || isReverse(name)
}

// isReverse knows the names by which an authority asks for addresses (RFC 8738 6).
func isReverse(name string) bool {
	return strings.HasSuffix(name, ".in-addr.arpa") || strings.HasSuffix(name, ".ip6.arpa")
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
