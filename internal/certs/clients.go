package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// ClientAuth says what is asked of clients.
type ClientAuth string

// What may be asked.
const (
	// NoClients asks for no certificate.
	NoClients ClientAuth = "none"
	// OptionalClients asks for one; the application learns what came of it.
	OptionalClients ClientAuth = "optional"
	// RequiredClients refuses the handshake to who has none that is valid.
	RequiredClients ClientAuth = "required"
)

// ClientAuths are all there are.
func ClientAuths() []string {
	return []string{string(NoClients), string(OptionalClients), string(RequiredClients)}
}

// ParseClientAuth reads what is asked of clients; "" is NoClients.
func ParseClientAuth(name string) (ClientAuth, error) {
	if name == "" {
		return NoClients, nil
	}
	if !slices.Contains(ClientAuths(), name) {
		return "", fmt.Errorf("%q: want %s", name, strings.Join(ClientAuths(), ", "))
	}
	return ClientAuth(name), nil
}

// asks says whether clients are asked for certificates.
func (s *Store) asks() bool {
	return s.options.Clients == OptionalClients || s.options.Clients == RequiredClients
}

func (s *Store) firstClients() error {
	if !s.asks() {
		return nil
	}
	s.ca.changes(s.options.ClientCA)
	pool, err := loadPool(s.options.ClientCA)
	if err != nil {
		return err
	}
	s.clients.Store(pool)
	return nil
}

var errNoIssuer = errors.New("there is no certificate: want those of who issues the clients', in PEM, -----BEGIN CERTIFICATE-----")

func loadPool(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("client-ca: %w", err)
	}
	issuers, err := parseCertificates(text)
	if errors.Is(err, errNoCertificate) {
		err = errNoIssuer
	}
	if err != nil {
		return nil, fmt.Errorf("client-ca %s: %w", path, err)
	}
	pool := x509.NewCertPool()
	for _, c := range issuers {
		pool.AddCert(c)
	}
	return pool, nil
}

// askClients has a config ask for certificates, and name those whose it takes. One that
// is optional is checked after the handshake, so that the application learns of a bad one.
// It needs mu.
func (s *Store) askClients(config *tls.Config) {
	switch s.options.Clients {
	case OptionalClients:
		config.ClientAuth = tls.RequestClientCert
	case RequiredClients:
		config.ClientAuth = tls.RequireAndVerifyClientCert
	default:
		return
	}
	config.ClientCAs = s.clients.Load()
	var changed *tls.Config // made once for each change
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool := s.clients.Load()
		if pool == config.ClientCAs {
			return nil, nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if changed == nil || changed.ClientCAs != pool {
			before := changed
			changed = config.Clone()
			changed.ClientCAs, changed.GetConfigForClient = pool, nil
			s.configs = slices.DeleteFunc(s.configs, func(c *tls.Config) bool { return c == before && before != nil })
			s.seal(changed)
		}
		return changed, nil
	}
}

// lookAtClients reads the issuers of clients' certificates again if they have changed.
// It needs mu.
func (s *Store) lookAtClients() {
	if !s.asks() || !s.ca.changes(s.options.ClientCA) {
		return
	}
	pool, err := loadPool(s.options.ClientCA)
	if err != nil {
		if s.ca.fails(err) {
			s.options.Logger.Error("the issuers of clients' certificates cannot be read, those before stay in use; it is tried again: " + err.Error())
		}
		return
	}
	s.ca.failed = ""
	s.clients.Store(pool)
	s.options.Logger.Info("issuers of clients' certificates read again", "client_ca", s.options.ClientCA)
}
