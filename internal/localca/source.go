package localca

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say where the authority is, and for whom it signs.
type Options struct {
	Dir    string // of this user alone
	Logger *slog.Logger

	Children Children // default: nobody reaps

	Home     string           // whose browsers are to trust it; default: $HOME
	Hostname string           // default: the machine's
	Now      func() time.Time // default: time.Now
}

// Children are told of the processes that are made here: who reaps all that end must
// not reap these.
type Children interface {
	Start(start func() (pid int, err error)) error
	Ended(pid int)
}

// Source has one certificate, for localhost, the addresses of loopback and the machine.
type Source struct {
	options Options
	names   []string
	root    *authority

	mu      sync.Mutex
	current *tls.Certificate
}

// New touches nothing yet.
func New(o Options) *Source {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Home = cmp.Or(o.Home, os.Getenv("HOME"))
	if o.Hostname == "" {
		o.Hostname, _ = os.Hostname()
	}
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host := strings.ToLower(o.Hostname); isHost(host) && host != "localhost" {
		names = append(names, host)
	}
	return &Source{options: o, names: names}
}

// isHost says whether a certificate can be for the name.
func isHost(name string) bool {
	return name != "" && len(name) < 64 && net.ParseIP(name) == nil && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// Open takes the authority of the directory, or makes it.
func (s *Source) Open() (err error) {
	if s.root, err = openAuthority(s.options.Dir, s.names, s.options.Now()); err != nil {
		return err
	}
	_, err = s.certificate()
	return err
}

// Root is the file with the authority's certificate.
func (s *Source) Root() string { return filepath.Join(s.options.Dir, RootFile) }

// Has says whether the certificate is for a name; "" is an address, or no name at all.
func (s *Source) Has(name string) bool {
	return name == "" || slices.Contains(s.names, name)
}

// GetCertificate is for tls.Config.
func (s *Source) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.certificate()
}

// certificate is made anew when a third of its time is left.
func (s *Source) certificate() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if s.current != nil && now.Before(s.current.Leaf.NotAfter.Add(-leafLife/3)) {
		return s.current, nil
	}
	next, err := s.root.leaf(s.names, now)
	if err == nil {
		s.current = next
	}
	return next, err
}

// Trust has the programs of this machine trust the authority, as far as that needs
// nobody's consent, and says in one line who does and what is left to do.
func (s *Source) Trust(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, trustTime)
	defer cancel()
	t := newTrust(s)
	var by, failed []string
	for _, store := range t.stores() {
		if err := store.add(ctx); err != nil {
			failed = append(failed, store.name+": "+err.Error())
			continue
		}
		by = append(by, store.name)
	}
	switch {
	case ctx.Err() != nil && len(by) == 0:
	case len(by) == 0:
		s.options.Logger.Warn("the local authority is not trusted yet: "+t.advice(), "root", s.Root(), "failed", failed)
	default:
		s.options.Logger.Info("local certificate: others trust it once they trust the file named here", "names", s.names,
			"trusted_by", by, "root", s.Root(), "failed", failed)
	}
}
