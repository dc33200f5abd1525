package certs

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Source is where certificates come from that are no files.
type Source interface {
	// Has says whether the source has, or can get, a certificate for a server name, in
	// lower case; "" is that of clients that name none.
	Has(name string) bool

	// GetCertificate is asked for names that it has, and for the challenges of ACME
	// (RFC 8737) for these.
	GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
}

// ACMEProtocol is what a client negotiates that validates a name (RFC 8737 6.2).
const ACMEProtocol = "acme-tls/1"

// Options configure a Store.
type Options struct {
	// Pairs are the certificates of files. The first is shown to clients that ask for a
	// name that no certificate has.
	Pairs []Pair

	// Sources are asked, in order, for names that are not exactly those of a pair.
	Sources []Source

	// ClientCA is a file with the certificates, in PEM, of those who issue certificates
	// to clients; Clients says what becomes of clients without one.
	ClientCA string
	Clients  ClientAuth

	// Profile says which versions and suites of TLS are spoken. Default: Intermediate.
	Profile Profile

	// Every is how often files are looked at. Default: 5 s.
	Every time.Duration

	// Now is the clock. Default: time.Now.
	Now func() time.Time

	// Client asks issuers what they say of certificates. Default: http.DefaultClient.
	Client *http.Client

	// Logger is told of what changes, fails or is about to expire. Default: slog.Default().
	Logger *slog.Logger
}

const lookEvery = 5 * time.Second

// Store has certificates.
type Store struct {
	options Options
	index   atomic.Pointer[index]
	clients atomic.Pointer[x509.CertPool]

	mu      sync.Mutex
	entries []*entry // one for each pair
	ca      watched
	configs []*tls.Config
	keys    [][32]byte // of session tickets, the newest first
	rotated time.Time
}

// New reads all files. Each must be as it should be, for a server that starts without a
// certificate serves nobody.
func New(o Options) (*Store, error) {
	o.Every = cmp.Or(o.Every, lookEvery)
	o.Profile = cmp.Or(o.Profile, Intermediate)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Store{options: o}
	for _, pair := range o.Pairs {
		e := &entry{pair: pair}
		if err := e.first(s); err != nil {
			return nil, err
		}
		s.entries = append(s.entries, e)
	}
	if err := s.firstClients(); err != nil {
		return nil, err
	}
	s.publish()
	return s, nil
}

// publish has new connections see what the entries have. It needs mu, but in New.
func (s *Store) publish() {
	var all []*tls.Certificate
	for _, e := range s.entries {
		all = append(all, e.shown)
	}
	s.index.Store(newIndex(all))
}

var errNoneFits = errors.New("there is no certificate for the name that the client asks for")

// GetCertificate is tls.Config's: a pair that has the very name, else a source that has
// it, else a pair with a wildcard for it, else the first pair.
func (s *Store) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name, all := serverName(hello), s.index.Load()
	challenge := slices.Contains(hello.SupportedProtos, ACMEProtocol)
	if found := choose(hello, all.exact[name]); found != nil && !challenge {
		return found, nil
	}
	var failed error
	for _, source := range s.options.Sources {
		if !source.Has(name) {
			continue
		}
		if found, err := source.GetCertificate(hello); err == nil && found != nil {
			return found, nil
		} else if err != nil {
			failed = err
		}
	}
	switch {
	case challenge && failed != nil:
		return nil, failed
	case len(all.wildcard[parent(name)]) > 0:
		return choose(hello, all.wildcard[parent(name)]), nil
	case failed != nil:
		return nil, failed
	case len(all.fallback) > 0:
		return choose(hello, all.fallback), nil
	}
	return nil, errNoneFits
}

// Watch keeps all up to date until ctx ends.
func (s *Store) Watch(ctx context.Context) {
	var staples sync.WaitGroup
	staples.Go(func() { s.watchStaples(ctx) })
	defer staples.Wait()
	ticker := time.NewTicker(s.options.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.Reload()
		}
	}
}

// Reload looks at the files now. What cannot be used leaves in service what was there
// before, and is in the log.
func (s *Store) Reload() {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for _, e := range s.entries {
		changed = e.look(s) || changed
		e.warnOfDates(s)
	}
	if changed {
		s.publish()
	}
	s.lookAtClients()
	s.rotate()
}
